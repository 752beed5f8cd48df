"""One image of a training: its crops, what is made of them, their labels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmseg_balance.panoptic.ids import LABEL_DIVISOR

from .panel_drawing import (
    DPI,
    FONT,
    NO_NUMBER,
    SIGNED,
    UNIT,
    WIDTH,
    draw_panel,
    no_label,
)
from .panels import Panel, Row

# inches
GAP, TITLE, SIDE, BAR = 0.07, 0.2, 0.28, 0.62
HEAD, MARGIN, LONGEST_BAR = 0.25, 0.12, 3.0
LEGEND_ROW, LEGEND_MARK, LETTER = 0.152, 0.5, 0.068


# names of files and classes may have dollars, and are no formulas
@rc_context({'text.parse_math': False})
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
    scales = _scales(panels)
    entries = _legend(panels, classes, palette)
    letters = max((len(e.get_label()) for e in entries), default=0)
    entry = LEGEND_MARK + LETTER * letters
    grid = SIDE + (1 + max(p.column for p in panels)) * (WIDTH + GAP)
    page = _Page(
        max(grid + BAR * len(scales), entry + 2 * MARGIN),
        sum(_height(row) + TITLE + GAP for row in rows),
        HEAD if title else 0.0,
    )
    columns = max(int((page.width - MARGIN) / entry), 1)
    page.foot = LEGEND_ROW * math.ceil(len(entries) / columns) + MARGIN
    figure = Figure((page.width, page.height), dpi=DPI)
    if title:
        left, top = page.place(SIDE, 0.06)
        figure.text(left, top, title, va='top', fontsize=FONT + 1)
    _draw_rows(figure, page, rows, classes, palette, scales)
    _draw_bars(figure, page, grid, scales)
    if entries:
        figure.legend(
            handles=entries,
            loc='upper left',
            bbox_to_anchor=page.place(MARGIN, page.height - page.foot),
            ncols=columns,
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


@dataclass
class _Page:
    """Inches from the upper left corner, and shares of the figure.

    Attributes:
        width: Of the figure.
        rows, head, foot: Heights of the rows, and of what is above and below
            them.
    """

    width: float
    rows: float
    head: float
    foot: float = 0.0

    @property
    def height(self) -> float:
        return self.head + self.rows + self.foot

    def place(self, left: float, top: float) -> tuple[float, float]:
        return left / self.width, 1 - top / self.height

    def axes(
        self, figure: Figure, left: float, top: float, wide: float, tall: float
    ) -> Axes:
        x, y = self.place(left, top + tall)
        return figure.add_axes((x, y, wide / self.width, tall / self.height))


def _draw_rows(
    figure: Figure,
    page: _Page,
    rows: Sequence[Row],
    classes: Sequence[str],
    palette: Sequence,
    scales: Mapping[str, Normalize],
) -> None:
    top = page.head
    for row in rows:
        tall = _height(row)
        top += TITLE
        figure.text(
            *page.place(SIDE / 2, top + tall / 2),
            row.title,
            rotation=90,
            ha='center',
            va='center',
            fontsize=FONT + 1,
            weight='bold',
        )
        for panel in row.panels:
            left = SIDE + panel.column * (WIDTH + GAP)
            axis = page.axes(figure, left, top, WIDTH, tall)
            draw_panel(axis, panel, classes, palette, scales)
        top += tall + GAP


def _draw_bars(
    figure: Figure, page: _Page, left: float, scales: Mapping[str, Normalize]
) -> None:
    tall = min(page.rows - TITLE - GAP, LONGEST_BAR)
    for i, (colours, scale) in enumerate(scales.items()):
        axis = page.axes(
            figure, left + BAR * i + 0.05, page.head + TITLE, 0.12, tall
        )
        figure.colorbar(ScalarMappable(scale, colours), cax=axis)
        axis.tick_params(labelsize=FONT - 1)
        if colours == SIGNED:
            axis.set_title('offset', fontsize=FONT - 1, pad=3)


def _height(row: Row) -> float:
    rows, columns = row.panels[0].content.shape[:2]
    return WIDTH * min(max(rows / columns, 0.2), 3)


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
            values = np.unique(content)
            if panel.is_panoptic:
                values = values // LABEL_DIVISOR
            found |= {int(value) for value in values}
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
        colour = np.array(no_label(palette)) / 255
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
