"""One image of a training: its crops, what is made of them, their labels."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..figures import colour_labels
from .panels import Panel, Row

# inches
WIDTH, GAP, TITLE, SIDE, BAR = 2.5, 0.07, 0.2, 0.28, 0.62
LEGEND_ROW, LEGEND_MARK, LETTER = 0.152, 0.5, 0.068
DPI, FONT = 120, 8
# legible with any colour vision
UNIT, SIGNED, NO_NUMBER, FRAME = 'viridis', 'RdBu_r', '0.75', '0.5'


def training_picture(
    rows: Sequence[Row],
    classes: Sequence[str],
    palette: Sequence,
    title: str = '',
) -> np.ndarray:
    """Draw what is shown of an image.

    Args:
        rows: Panels of each row; those of a row are of one shape.
        classes: Names of the C classes.
        palette: RGB of each class, 0 to 255.
        title: Above all.

    Returns:
        RGB (H, W, 3) in uint8. Below the panels stand the classes that
        occur, at the right scales of numbers.
    """
    panels = [panel for row in rows for panel in row.panels]
    bars = _scales(panels)
    columns = 1 + max(panel.column for panel in panels)
    grid = columns * (WIDTH + GAP)
    entries = _legend(panels, classes, palette)
    letters = max((len(e.get_label()) for e in entries), default=0)
    entry = LEGEND_MARK + LETTER * letters
    width = max(SIDE + grid + BAR * len(bars), entry + 0.2)
    ncols = max(int((width - 0.1) / entry), 1)
    legend = LEGEND_ROW * math.ceil(len(entries) / ncols) + 0.12
    heights = [_height(row) for row in rows]
    head = 0.25 if title else 0.0
    height = sum(heights) + len(rows) * (TITLE + GAP) + legend + head
    figure = Figure((width, height), dpi=DPI)
    if title:
        figure.text(
            SIDE / width, 1 - 0.06 / height, title, va='top', fontsize=FONT + 1
        )
    limit = bars.get(SIGNED, Normalize(-1, 1))
    top = height - head
    for row, tall in zip(rows, heights, strict=True):
        top -= TITLE + tall
        figure.text(
            SIDE / 2 / width,
            (top + tall / 2) / height,
            row.title,
            rotation=90,
            ha='center',
            va='center',
            fontsize=FONT + 1,
            weight='bold',
        )
        for panel in row.panels:
            left = SIDE + panel.column * (WIDTH + GAP)
            axis = figure.add_axes(
                (left / width, top / height, WIDTH / width, tall / height)
            )
            _draw(axis, panel, palette, limit)
        top -= GAP
    for i, (colours, scale) in enumerate(bars.items()):
        left = SIDE + grid + BAR * i + 0.05
        tall = min(sum(heights), 3.0)
        axis = figure.add_axes(
            (
                left / width,
                (height - head - TITLE - tall) / height,
                0.12 / width,
                tall / height,
            )
        )
        bar = figure.colorbar(ScalarMappable(scale, colours), cax=axis)
        bar.ax.tick_params(labelsize=FONT - 1)
        if colours == SIGNED:
            bar.ax.set_title('offset', fontsize=FONT - 1, pad=3)
    if entries:
        figure.legend(
            handles=entries,
            loc='upper left',
            bbox_to_anchor=(0.1 / width, legend / height),
            ncols=ncols,
            frameon=False,
            fontsize=FONT,
            borderpad=0.2,
            handlelength=1.6,
            columnspacing=1.2,
            labelspacing=0.3,
        )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _height(row: Row) -> float:
    rows, columns = row.panels[0].content.shape[:2]
    return WIDTH * min(max(rows / columns, 0.2), 3)


def _draw(
    axis: Axes, panel: Panel, palette: Sequence, limit: Normalize
) -> None:
    axis.set_title(panel.title, fontsize=FONT, pad=2)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(color=FRAME, linewidth=0.4)
    content = panel.content
    options = dict(aspect='auto', interpolation='nearest')
    if content.ndim == 3:
        # which is shown smaller than it is
        axis.imshow(content, aspect='auto', interpolation='antialiased')
    elif content.dtype == bool:
        axis.imshow(content, 'gray', vmin=0, vmax=1, **options)
    elif content.dtype.kind == 'f':
        norm = limit if panel.is_signed else Normalize(0, 1)
        colours = colormaps[SIGNED if panel.is_signed else UNIT]
        colours = colours.with_extremes(bad=NO_NUMBER)
        axis.imshow(np.ma.masked_invalid(content), colours, norm, **options)
    else:
        painted = colour_labels(content, palette)
        painted[(content < 0) | (content >= len(palette))] = _no_label(palette)
        axis.imshow(painted, **options)


def _no_label(palette: Sequence) -> tuple[int, int, int]:
    """Black, where no class has it."""
    taken = {tuple(colour) for colour in palette}
    greys = ((value,) * 3 for value in (0, 255, *range(1, 255)))
    return next(grey for grey in greys if grey not in taken)


def _scales(panels: Sequence[Panel]) -> dict[str, Normalize]:
    """Scales of the numbers that are shown, by their colours."""
    numbers = [p for p in panels if p.content.dtype.kind == 'f']
    scales = {}
    if any(not p.is_signed for p in numbers):
        scales[UNIT] = Normalize(0, 1)
    signed = [
        np.abs(p.content[np.isfinite(p.content)])
        for p in numbers
        if p.is_signed
    ]
    if signed:
        most = max((float(v.max()) for v in signed if v.size), default=0.0)
        scales[SIGNED] = Normalize(-(most or 1), most or 1)
    return scales


def _legend(
    panels: Sequence[Panel], classes: Sequence[str], palette: Sequence
) -> list[Patch]:
    """An entry for each class that occurs, and for what has no label."""
    found: set[int] = set()
    no_number = False
    for panel in panels:
        content = panel.content
        if content.dtype.kind == 'f':
            no_number |= bool(np.isnan(content).any())
        elif content.ndim == 2 and content.dtype != bool:
            found |= {int(value) for value in np.unique(content)}
    entries = [
        Patch(
            facecolor=np.array(palette[c]) / 255,
            edgecolor='black',
            linewidth=0.3,
            label=classes[c],
        )
        for c in sorted(found)
        if 0 <= c < len(classes)
    ]
    if found - set(range(len(classes))):
        colour = np.array(_no_label(palette)) / 255
        entries.append(
            Patch(
                facecolor=colour,
                edgecolor='black',
                linewidth=0.3,
                label='no label',
            )
        )
    if no_number:
        entries.append(Patch(facecolor=NO_NUMBER, label='no value'))
    return entries
