"""Counts as tables in Markdown, and as a plot."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .parts import PARTS

MB = 2**20
GB = 2**30
HEADER = ('method', 'balance', 'launches', 'written MB', 'syncs', 'added')


def table(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A table in Markdown."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(
        '| ' + ' | '.join(map(str, cells)) + ' |' for cells in lines
    )


def total_cells(row: dict, rows: Sequence[dict]) -> list[str]:
    """A row of the table of totals.

    Args:
        row: Counts of a case.
        rows: Those so far, with that of its method alone among them.
    """
    base = without_balance(row, rows)
    return [
        row['method'],
        row['balance'],
        f'{row["launches"]}',
        f'{row["written"] / MB:.0f}',
        f'{row["syncs"]}',
        '' if base is None or base is row else share_added(row, base),
    ]


def part_tables(rows: Sequence[dict]) -> str:
    """Launches by part, and MB by part, of all cases."""
    used = [p for p in PARTS if any(p in row['parts'] for row in rows)]
    tables = []
    for key, unit, title in (
        ('launches', 1, 'Launches'),
        ('written', MB, 'Written MB'),
    ):
        cells = [
            [
                row['method'],
                row['balance'],
                *(
                    f'{row["parts"].get(p, {}).get(key, 0) / unit:.0f}'
                    for p in used
                ),
            ]
            for row in rows
        ]
        tables.append(
            f'{title} by part\n\n{table(["method", "balance", *used], cells)}'
        )
    return '\n\n'.join(tables)


def without_balance(row: dict, rows: Iterable[dict]) -> dict | None:
    """The row of a row's method alone, if it is there."""
    return next(
        (
            other
            for other in rows
            if (other['method'], other['balance']) == (row['method'], 'none')
        ),
        None,
    )


def share_added(row: dict, base: dict) -> str:
    """What a step has more than another, in words."""
    launches = row['launches'] - base['launches']
    written = row['written'] - base['written']
    return (
        f'{launches:+d} launches ({launches / base["launches"]:+.1%}), '
        f'{written / GB:+.2f} GB ({written / base["written"]:+.1%})'
    )


def compared(rows: Sequence[dict], before: Sequence[dict]) -> str:
    """Lines on what became of the cases that an earlier file has as well."""
    names = ('method', 'balance', 'net', 'size', 'images')
    earlier = {tuple(row[n] for n in names): row for row in before}
    return '\n'.join(
        f'{row["method"]}, {row["balance"]}: {old["launches"]} -> '
        f'{row["launches"]} launches, {old["written"] / GB:.1f} -> '
        f'{row["written"] / GB:.1f} GB; {share_added(row, old)}'
        for row in rows
        if (old := earlier.get(tuple(row[n] for n in names)))
    )


def plot(rows: Sequence[dict], file: Path) -> None:
    """Draw a bar a case, made of its parts: launches, and bytes."""
    figure = Figure(figsize=(11, 1.8 + 0.3 * len(rows)), layout='constrained')
    axes = figure.subplots(1, 2, sharey=True)
    draw_bars(axes[0], rows, 'launches', 1, 'launches an iteration')
    draw_bars(axes[1], rows, 'written', GB, 'GB written an iteration')
    names = [
        row['method'].replace('_', ' ')
        + ('' if row['balance'] == 'none' else f' + {row["balance"].upper()}')
        for row in rows
    ]
    axes[0].set_yticks(range(len(rows)), names, fontsize=9)
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc='outside lower center', ncols=7, fontsize=8
    )
    FigureCanvasAgg(figure).print_png(file)


def draw_bars(
    axes: Axes, rows: Sequence[dict], key: str, unit: float, title: str
) -> None:
    """Draw one of the two halves of the plot."""
    left = [0.0] * len(rows)
    colours = colormaps['tab20'].colors
    for part, colour in zip(PARTS, colours, strict=False):
        widths = [r['parts'].get(part, {}).get(key, 0) / unit for r in rows]
        if any(widths):
            axes.barh(
                range(len(rows)),
                widths,
                0.75,
                left,
                color=colour,
                label=part,
            )
        left = [x + y for x, y in zip(left, widths, strict=True)]
    for place, width in enumerate(left):
        text = f' {width:.0f}' if unit == 1 else f' {width:.1f}'
        axes.text(width, place, text, va='center', fontsize=8)
    axes.margins(x=0.12, y=0.01)
    axes.set_title(title, fontsize=10)
    axes.spines[['top', 'right']].set_visible(False)
