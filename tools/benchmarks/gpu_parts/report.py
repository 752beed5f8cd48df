"""Results as tables in Markdown, ready for docs/speed.md."""

import math
from collections.abc import Mapping, Sequence

from launches.report import table

from .parts import MACHINE, PARTS

MODES = ('compiled', 'channels_last')
# of mixed precision, which reads whether a gradient overflowed
SCALER = 'grad_scaler.py'


def report(results: Mapping[str, dict]) -> str:
    """All tables, and what is missing.

    Args:
        results: What the JSON files say, by the name of the part.
    """
    rows = {name: r['rows'] for name, r in results.items() if 'rows' in r}
    steps = [
        cells
        for name, found in rows.items()
        if found and 'ratio' in found[0]
        for cells in step_cells(found)
    ]
    blocks = [machine_line(rows.get(MACHINE, []))]
    if steps:
        header = ('method', 'balance', 'mode', 'seconds', 'ratio', 'peak MB')
        blocks.append(table((*header, 'ratio'), steps))
    for name, cells in (
        ('kernels', kernel_cells),
        ('waiting', waiting_cells),
        ('one-rank', rank_cells),
    ):
        if rows.get(name):
            blocks.append(table(*cells(rows[name])))
    trainings = [
        row
        for name in ('training-float32', 'training-amp')
        for row in rows.get(name, [])
    ]
    if trainings:
        blocks.append(table(*training_cells(trainings)))
    blocks.append('\n'.join(missing_lines(results)))
    return '\n\n'.join(filter(None, blocks))


def machine_line(rows: Sequence[dict]) -> str:
    """What it was measured on."""
    return ', '.join(f'{k}: {v}' for row in rows for k, v in row.items())


def step_cells(rows: Sequence[dict]) -> list[list[str]]:
    """Steps of a part; ratios are to the first of them."""
    base = rows[0]
    return [
        [
            row['method'],
            row['balance'],
            ', '.join([row['precision'], *(k for k in MODES if row[k])]),
            f'{row["seconds"]:.4f}',
            f'{row["ratio"]:.3f}',
            *(
                ['', '']
                if row['peak_mb'] is None
                else [
                    f'{row["peak_mb"]:.0f}',
                    f'{row["peak_mb"] / base["peak_mb"]:.3f}',
                ]
            ),
        ]
        for row in rows
    ]


def kernel_cells(rows: Sequence[dict]) -> tuple[Sequence[str], list]:
    """Header and rows of the kernels' table."""
    header = (
        *('check', 'classes', 'side', 'error', 'limit', 'holds'),
        *('fused', 'fused ms', 'plain ms'),
    )
    cells = []
    for row in rows:
        first = [row['check'], row['classes'], row['side']]
        if 'failed' in row:
            cells.append([*first, row['failed'], '', 'no', '', '', ''])
            continue
        times = [
            f'{row[k]:.3f}' if k in row else ''
            for k in ('fused_ms', 'plain_ms')
        ]
        cells.append(
            [
                *first,
                f'{row["error"]:.1e}',
                f'{row["limit"]:.0e}',
                'yes' if holds(row) else 'no',
                'yes' if row['fused'] else 'no',
                *times,
            ]
        )
    return header, cells


def waiting_cells(rows: Sequence[dict]) -> tuple[Sequence[str], list]:
    """Header and rows of where an iteration waits."""
    names = ('method', 'balance', 'precision')
    return (
        (*names, 'waits for the GPU'),
        [
            [*(row[n] for n in names), ', '.join(row['places']) or 'never']
            for row in rows
        ],
    )


def rank_cells(rows: Sequence[dict]) -> tuple[Sequence[str], list]:
    """Header and row of the process group of one rank."""
    return (
        ('backend', 'parameters', 'error', 'limit', 'holds'),
        [
            [
                row['backend'],
                row['parameters'],
                f'{row["error"]:.1e}',
                f'{row["limit"]:.0e}',
                'yes' if holds(row) else 'no',
            ]
            for row in rows
        ],
    )


def training_cells(rows: Sequence[dict]) -> tuple[Sequence[str], list]:
    """Header and rows of the trainings."""
    header = (
        *('precision', 'iterations', 'seconds', 'first loss', 'last loss'),
        *('mIoU', 'pretrained'),
    )
    return header, [
        [
            row['precision'],
            row['iterations'],
            f'{row["seconds"]:.4f}',
            f'{row["first_loss"]:.3f}',
            f'{row["last_loss"]:.3f}',
            '' if row['mIoU'] is None else f'{row["mIoU"]:.2f}',
            'yes' if row['pretrained'] else 'no',
        ]
        for row in rows
    ]


def missing_lines(results: Mapping[str, dict]) -> list[str]:
    """Parts without figures, and why there are none."""
    lines = [
        f'- {name}, {why}: {results[name][why]}'
        for name in PARTS
        if name in results and (why := reason(results[name]))
    ]
    absent = [name for name in PARTS if name not in results]
    return [*lines, f'- not run: {", ".join(absent)}'] if absent else lines


def holds(row: Mapping) -> bool:
    """Whether a row has nothing that should not be."""
    return (
        'failed' not in row
        and row.get('error', 0) <= row.get('limit', 0)
        and all(SCALER in place for place in row.get('places', ()))
        and math.isfinite(row.get('last_loss', 0))
    )


def reason(result: Mapping) -> str:
    """'skipped' or 'failed'; '' where there are rows."""
    return next((k for k in ('skipped', 'failed') if k in result), '')
