"""Class weights over a training, and by class (Fig. 2 and 6 of GBW)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .drawn import Drawn, Table, named_rows
from .end_labels import label_ends
from .page import COLOURS, STYLES, WIDTHS, new_figure, panels, printed, to_png
from .windows import even_windows

HEIGHT, MARGIN = 2.1, 0.5  # inches
ROW_HEIGHT, ROW_MARGIN = 0.15, 0.85
AN_END, ROWS_AN_END, MOST_ROWS = 4, 15, 40
COLUMNS = (
    'class',
    'drawn',
    'from iteration',
    'to iteration',
    'mean weight',
)
CLASS_COLUMNS = (
    'class',
    'drawn',
    'share of source pixels (%)',
    'mean weight',
    'largest weight',
    'std of the weight',
    'IoU (%)',
    'IoU of the baseline (%)',
)


@dataclass(frozen=True)
class WeightLog:
    """Class weights of a training, window after window.

    Attributes:
        classes: Names of the C classes.
        iterations: Ends of the T windows.
        calls: Number of calls in each, (T,).
        mean, largest, variance: Of the weights of each window, (T, C).
    """

    classes: Sequence[str]
    iterations: np.ndarray
    calls: np.ndarray
    mean: np.ndarray
    largest: np.ndarray
    variance: np.ndarray

    @property
    def average(self) -> np.ndarray:
        """Mean weight over the training, (C,)."""
        return np.average(self.mean, 0, self.calls)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation over the training, (C,)."""
        spread = self.variance + (self.mean - self.average) ** 2
        return np.average(spread, 0, self.calls) ** 0.5

    def windows(self, count: int) -> 'WeightLog':
        """The same in at most so many windows, of as many lines each."""
        starts, ends = even_windows(len(self.calls), count)
        calls = np.add.reduceat(self.calls, starts)
        weighed = self.calls[:, None]
        mean = np.add.reduceat(weighed * self.mean, starts) / calls[:, None]
        square = weighed * (self.variance + self.mean**2)
        square = np.add.reduceat(square, starts) / calls[:, None]
        return WeightLog(
            self.classes,
            self.iterations[ends],
            calls,
            mean,
            np.maximum.reduceat(self.largest, starts),
            np.maximum(square - mean**2, 0),
        )


@printed
def draw_weights(
    log: WeightLog,
    classes: Sequence[int] | None = None,
    points: int = 60,
    width: float = WIDTHS['column'],
) -> Drawn:
    """Mean weight of some classes over the iterations.

    Args:
        log: The weights.
        classes: Numbers of the classes. Default: all; of more than 8 the 4
            of the largest and the 4 of the smallest mean weight.
        points: Windows that are drawn at most; means of those of the log.
        width: Of the picture, in inches.

    Returns:
        The picture; and the table, of all classes.
    """
    shown = log.windows(points)
    if classes is None:
        order = np.argsort(-log.average, kind='stable').tolist()
        few = len(order) <= 2 * AN_END
        classes = order if few else order[:AN_END] + order[-AN_END:]
    figure = new_figure(width, HEIGHT)
    ((axis,),) = panels(figure, 1, 1)
    table = Table(COLUMNS)
    begins = np.concatenate([[0], shown.iterations[:-1]])
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(classes))]
    for i, c in enumerate(classes):
        axis.plot(
            shown.iterations,
            shown.mean[:, c],
            color=colours[i],
            linestyle=STYLES[i // len(COLOURS) % len(STYLES)],
            marker='.' if len(shown.calls) == 1 else None,
        )
    for c, name in enumerate(log.classes):
        drawn = 'yes' if c in classes else 'no'
        table.rows += named_rows(
            (name, drawn), begins, shown.iterations, shown.mean[:, c]
        )
    axis.axhline(1, color='black', linewidth=0.5, linestyle=':')
    axis.set_ylim(0, 1.05 * max(shown.mean[:, classes].max(), 1))
    axis.set_xlabel('iteration')
    about = '~' if len({*shown.calls.tolist()}) > 1 else ''
    axis.set_ylabel(
        f'class weight, mean of {about}{shown.calls.mean():.0f} calls'
    )
    axis.grid()
    label_ends(
        axis,
        shown.iterations[-1],
        shown.mean[-1, classes],
        [log.classes[c] for c in classes],
        colours,
        HEIGHT - MARGIN,
    )
    return Drawn(to_png(figure), {'': table})


@printed
def draw_weights_by_class(
    log: WeightLog,
    shares: np.ndarray | None = None,
    iou: np.ndarray | None = None,
    baseline_iou: np.ndarray | None = None,
    width: float = WIDTHS['column'],
) -> Drawn:
    """Rows of classes: how rare, how weighted, and how well they are learnt.

    Args:
        log: The weights.
        shares: Share of each class in the pixels of the source (C,), between
            0 and 1, by which the rows are sorted. Default: sorted by the
            largest weight.
        iou: IoU (C,) of the training in percent. Default: not drawn.
        baseline_iou: The same of a training without these weights; what is
            drawn then is the difference.
        width: Of the picture, in inches.

    Returns:
        The picture; of more than 40 classes the 15 at either end are drawn,
        and the table has all.
    """
    unknown = np.full(len(log.classes), np.nan)
    largest = log.largest.max(0)
    order = np.argsort(-largest if shares is None else -shares, kind='stable')
    shown = order
    if len(order) > MOST_ROWS:
        shown = np.concatenate([order[:ROWS_AN_END], order[-ROWS_AN_END:]])
    columns = [
        ('largest\nweight', largest),
        ('std of the\nweight', log.std),
    ]
    if shares is not None:
        columns.insert(0, ('source\npixels (%)', 100 * shares))
    if iou is not None and baseline_iou is not None:
        columns.append(('IoU gained\n(points)', iou - baseline_iou))
    elif iou is not None:
        columns.append(('IoU\n(%)', iou))
    figure = new_figure(width, ROW_MARGIN + ROW_HEIGHT * len(shown))
    (axes,) = panels(figure, 1, len(columns), sharey=True)
    places = np.arange(len(shown))
    for axis, (title, values), colour in zip(
        axes, columns, COLOURS, strict=False
    ):
        if 'pixels' in title:  # a bar has no beginning on such an axis
            axis.plot(
                values[shown],
                places,
                'o',
                color=colour,
                markersize=4,
                clip_on=False,
            )
            axis.set_xscale('log')
            axis.xaxis.set_major_formatter('{x:g}')
            axis.xaxis.set_minor_formatter('')
        else:
            axis.barh(places, values[shown], 0.7, color=colour)
        if 'largest' in title:
            axis.axvline(1, color='black', linewidth=0.5, linestyle=':')
        elif 'gained' in title:
            axis.axvline(0, color='black', linewidth=0.5)
        axis.set_xlabel(title)
        axis.grid(axis='x')
        axis.tick_params(axis='y', length=0)
    axes[0].set_yticks(places, [log.classes[c] for c in shown])
    axes[0].set_ylim(len(shown) - 0.4, -0.6)
    if len(shown) < len(order):
        figure.suptitle(
            f'{len(shown)} of {len(order)} classes: those at either end'
        )
    table = Table(CLASS_COLUMNS)
    values = (
        unknown if shares is None else 100 * shares,
        log.average,
        largest,
        log.std,
        unknown if iou is None else iou,
        unknown if baseline_iou is None else baseline_iou,
    )
    for c in order.tolist():
        drawn = 'yes' if c in shown else 'no'
        cells = (float(v[c]) for v in values)
        table.rows.append((log.classes[c], drawn, *cells))
    return Drawn(to_png(figure), {'': table})
