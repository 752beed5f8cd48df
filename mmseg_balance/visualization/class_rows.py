"""Pictures with a row for each class, readable with 150 of them."""

import io
import math
import textwrap
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from ..errors import UserValueError

# told apart with any colour vision (Okabe and Ito)
OVER, UNDER = '#D55E00', '#0072B2'
# with more rows there are more columns
MAX_ROWS = 38
MOST_NAMES = 20
# inches
COLUMN_WIDTH, ROW_HEIGHT, MARGIN = 5.6, 0.32, 1.4
DPI = 120


class ClassRows:
    """A figure with a row for each class, the first on top.

    Args:
        classes: Names of the C classes.
        bias: Bias (C,) by which the rows are sorted, falling; classes of NaN
            get no row, and are named below the rows.
        shown: Classes that may have a row, bool (C,). Default: all.
        ends: Show this many classes at either end of the order, in a column
            each, where there are more than ``MAX_ROWS``. Default: all.

    Attributes:
        order: Classes that have a row, from top to bottom.
        between: Classes that ``ends`` leaves out.
        columns: Axes of each column, and the classes in it; row r of a
            column is at y = r.

    Raises:
        ValueError: The numbers of classes differ, or no class is left.
    """

    def __init__(
        self,
        classes: Sequence[str],
        bias: Tensor,
        shown: Tensor | None = None,
        ends: int | None = None,
    ) -> None:
        if bias.shape != (len(classes),):
            raise UserValueError(
                f'Expected `bias` to have a value for each of {len(classes)} '
                f'classes, but got shape {tuple(bias.shape)}'
            )
        bias = self._bias = bias.cpu()
        known = ~bias.isnan()
        if shown is not None:
            known &= shown.cpu()
        known = known.nonzero().flatten()
        if not len(known):
            raise UserValueError(
                'Expected at least one class with a bias that is not NaN and '
                'with fitted mixtures, but there is none: nothing to draw'
            )
        falling = bias[known].argsort(descending=True, stable=True)
        self.classes = classes
        self.order = known[falling].tolist()
        self.between: list[int] = []
        num_columns = math.ceil(len(self.order) / MAX_ROWS)
        if ends is not None and num_columns > 1:
            self.between = self.order[ends:-ends]
            self.order = self.order[:ends] + self.order[-ends:]
            num_columns = 2
        num_rows = math.ceil(len(self.order) / num_columns)
        self._figure = Figure(
            (COLUMN_WIDTH * num_columns, MARGIN + ROW_HEIGHT * num_rows),
            layout='constrained',
            dpi=DPI,
        )
        self._figure.get_layout_engine().set(w_pad=0.1, h_pad=0.06)
        axes = self._figure.subplots(1, num_columns, squeeze=False)[0]
        starts = range(0, len(self.order), num_rows)
        self.columns: list[tuple[Axes, list[int]]] = [
            (axis, self.order[start : start + num_rows])
            for axis, start in zip(axes, starts, strict=True)
        ]
        for axis, part in self.columns:
            axis.set_yticks(range(len(part)), [classes[i] for i in part])
            # rows are of one height in all columns
            axis.set_ylim(num_rows - 0.4, -0.6)
            axis.tick_params(axis='y', length=0, labelsize=9)
            axis.grid(axis='x', alpha=0.3)
            axis.set_axisbelow(True)
            axis.spines[['top', 'right', 'left']].set_visible(False)

    def png(
        self, xlabel: str, xlim: tuple[float, float], legend: Sequence[Artist]
    ) -> bytes:
        """Finish the picture.

        Args:
            xlabel: Name of the x axis.
            xlim: Its ends, in all columns.
            legend: Labelled entries.

        Returns:
            The picture, as PNG.
        """
        for axis, _ in self.columns:
            axis.set_xlim(xlim)
            axis.set_xlabel(xlabel)
        num_columns = len(self.columns)
        # a wide picture is looked at from afar
        size = 7 + num_columns
        self._figure.legend(
            handles=legend,
            loc='outside upper center',
            ncols=2 if num_columns == 1 else len(legend),
            frameon=False,
            fontsize=size,
        )
        lines = [
            textwrap.fill(line, 90 * num_columns * 8 // size)
            for line in self._notes()
        ]
        if lines:
            self._figure.supxlabel('\n'.join(lines), fontsize=size)
        out = io.BytesIO()
        FigureCanvasAgg(self._figure).print_png(out)
        return out.getvalue()

    def _notes(self) -> list[str]:
        """What is said of the classes without a row."""
        notes = []
        if self.between:
            high, low = (
                100 * float(self._bias[self.between[i]]) for i in (0, -1)
            )
            notes.append(
                f'the {len(self.order) // 2} classes at either end; '
                f'{len(self.between)} more between them, {high:+.2f} to '
                f'{low:+.2f}'
            )
        there = {*self.order, *self.between}
        rest = [c for i, c in enumerate(self.classes) if i not in there]
        if rest:
            more = len(rest) - MOST_NAMES
            names = ', '.join(rest[:MOST_NAMES])
            names += f', and {more} more' if more > 0 else ''
            notes.append(f'without labels, or with too few: {names}')
        return notes
