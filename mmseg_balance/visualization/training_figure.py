"""One sample of a training: its crops, what is made of them, their labels."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .figures import colour_labels

# inches
WIDTH, TITLE_HEIGHT, LEGEND_ROW = 3.4, 0.25, 0.24
LEGEND_COLUMNS = 8
DPI = 120


@dataclass
class Panel:
    """An image, a map of labels, or a map of weights.

    Attributes:
        title: Above it.
        content: RGB (H, W, 3) in uint8, labels (H, W) of an integer dtype,
            or weights (H, W) of a floating one, 0 to 1.
    """

    title: str
    content: np.ndarray


def training_figure(
    rows: Sequence[Sequence[Panel]], classes: Sequence[str], palette: Sequence
) -> bytes:
    """Draw the panels of a sample.

    Args:
        rows: Panels of each row, all of one size or nearly so.
        classes: Names of the C classes.
        palette: RGB of each class, 0 to 255.

    Returns:
        The picture, as PNG, with the classes that occur below the panels;
        black is what has no label.
    """
    columns = max(map(len, rows))
    height, width = rows[0][0].content.shape[:2]
    panels = [panel for row in rows for panel in row]
    legend = _legend(panels, classes, palette)
    legend_rows = math.ceil(len(legend) / LEGEND_COLUMNS)
    figure = Figure(
        (
            WIDTH * columns,
            len(rows) * (WIDTH * height / width + TITLE_HEIGHT)
            + LEGEND_ROW * (legend_rows + 1),
        ),
        layout='constrained',
        dpi=DPI,
    )
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for axis in axes.flatten():
        axis.set_axis_off()
    for line, row in zip(axes, rows, strict=True):
        for axis, panel in zip(line, row, strict=False):
            axis.set_title(panel.title, fontsize=8)
            content = panel.content
            if np.issubdtype(content.dtype, np.floating):
                axis.imshow(content, 'gray', vmin=0, vmax=1)
                continue
            if content.ndim == 2:
                content = colour_labels(content, palette)
            axis.imshow(content, interpolation='nearest')
    if legend:
        figure.legend(
            handles=legend,
            loc='outside lower center',
            ncols=min(len(legend), LEGEND_COLUMNS),
            frameon=False,
            fontsize=8,
        )
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def _legend(
    panels: Sequence[Panel], classes: Sequence[str], palette: Sequence
) -> list[Patch]:
    """An entry for each class that occurs, and for what has no label."""
    maps = [p.content for p in panels if p.content.ndim == 2]
    found = {
        int(value)
        for labels in maps
        if np.issubdtype(labels.dtype, np.integer)
        for value in np.unique(labels)
    }
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
        entries.append(Patch(facecolor='black', label='no label'))
    return entries
