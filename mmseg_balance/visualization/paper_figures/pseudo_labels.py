"""Share of each class in the pseudo-labels of a training (BLDA, Fig. 2b)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.lines import Line2D

from .drawn import Drawn, Table, named_rows
from .end_labels import label_ends
from .page import COLOURS, STYLES, WIDTHS, new_figure, panels, printed, to_png
from .windows import even_windows

HEIGHT, MARGIN = 2.4, 0.75  # inches
AN_END = 4
POINTS = 40
LEAST = 0.01  # percent; what is less is drawn here
COLUMNS = (
    'training',
    'class',
    'from iteration',
    'to iteration',
    'share of pseudo-labels (%)',
)
SOURCE_COLUMNS = ('training', 'class', 'share of source labels (%)')


@dataclass(frozen=True)
class LabelShares:
    """Shares of the classes in the pseudo-labels, time after time.

    Attributes:
        name: Of the training.
        iterations: Of the T times, (T,).
        shares: Share of each class (T, C), between 0 and 1; NaN where it is
            not known.
        source: Mean share of each class in the labels of its source images
            (C,). None: not known, and not drawn.
    """

    name: str
    iterations: np.ndarray
    shares: np.ndarray
    source: np.ndarray | None = None


@printed
def draw_pseudo_labels(
    trainings: Sequence[LabelShares],
    class_names: Sequence[str],
    classes: Sequence[int] | None = None,
    width: float = WIDTHS['column'],
) -> Drawn:
    """Share of some classes over the iterations, a panel a training.

    Args:
        trainings: The trainings; the classes are chosen by the first.
        class_names: Names of the C classes.
        classes: Numbers of the classes. Default: all; of more than 8 the 4
            with the most and the 4 with the fewest pixels over the training.
        width: Of the picture, in inches.

    Returns:
        The picture, with a logarithmic axis, and marks on its left for the
        source; tables of all classes, with '_source' that of the marks.
    """
    means = np.nan_to_num(trainings[0].shares).mean(0)
    if classes is None:
        order = np.argsort(-means, kind='stable').tolist()
        few = len(order) <= 2 * AN_END
        classes = order if few else order[:AN_END] + order[-AN_END:]
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(classes))]
    figure = new_figure(width, HEIGHT)
    (axes,) = panels(figure, 1, len(trainings), sharey=True)
    table, sources = Table(COLUMNS), Table(SOURCE_COLUMNS)
    ends = np.zeros(len(classes))
    for axis, training in zip(axes, trainings, strict=True):
        starts, stops, shares = windows(training)
        for c, name in enumerate(class_names):
            table.rows += named_rows(
                (training.name, name), starts, stops, 100 * shares[:, c]
            )
        if training.source is not None:
            sources.rows += named_rows(
                (training.name,), class_names, 100 * training.source
            )
        for i, c in enumerate(classes):
            values = 100 * shares[:, c]
            axis.plot(
                stops,
                np.maximum(values, LEAST),
                color=colours[i],
                linestyle=STYLES[i // len(COLOURS) % len(STYLES)],
                marker='.' if len(stops) == 1 else None,
            )
            ends[i] = max(values[-1], LEAST)
            if training.source is not None and training.source[c] > 0:
                axis.plot(
                    0,
                    100 * max(training.source[c], LEAST / 100),
                    '<',
                    color=colours[i],
                    # hollow as the curve is broken, of a colour used again
                    markerfacecolor=colours[i] if i < len(COLOURS) else 'none',
                    markersize=3,
                    clip_on=False,
                )
        axis.set_yscale('log')
        axis.set_xlabel('iteration')
        axis.grid()
        if len(trainings) > 1:
            axis.set_title(training.name)
    axes[0].set_ylim(LEAST / 1.3, 130)
    ticks = [LEAST, 0.1, 1, 10, 100]
    axes[0].set_yticks(ticks, [f'<{LEAST:g}', *map(str, ticks[1:])])
    axes[0].set_ylabel('share of pseudo-labels (%)')
    if sources.rows:
        mark = Line2D(
            [], [], color='black', marker='<', markersize=3, linewidth=0
        )
        figure.legend(
            [mark], ['labels of the source'], loc='outside upper left'
        )
    label_ends(
        axes[-1],
        trainings[-1].iterations[-1],
        ends,
        [class_names[c] for c in classes],
        colours,
        HEIGHT - MARGIN,
    )
    return Drawn(to_png(figure), {'': table, '_source': sources})


def windows(
    training: LabelShares,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means over at most ``POINTS`` windows of as many times each.

    A batch has few images: its shares say little by themselves.

    Returns:
        First and last iteration of each window (P,), and shares (P, C).
    """
    starts, stops = even_windows(len(training.iterations), POINTS)
    means = [
        np.nan_to_num(training.shares[a : b + 1]).mean(0)
        for a, b in zip(starts, stops, strict=True)
    ]
    iterations = training.iterations
    return iterations[starts], iterations[stops], np.array(means)
