"""Pictures of scores and segmentations, as arrays and PNG bytes."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# told apart with any colour vision (Okabe and Ito)
RUN_COLOURS = (
    '#0072B2',
    '#E69F00',
    '#009E73',
    '#CC79A7',
    '#56B4E9',
    '#D55E00',
    '#999999',
    '#F0E442',
)
PANELS = (('IoU', 'IoU (%)'), ('Acc', 'Acc (%)'), ('Bias', 'Bias (points)'))


def colour_labels(labels: np.ndarray, palette: Sequence) -> np.ndarray:
    """Paint a map of classes.

    Args:
        labels: Classes (H, W) of an integer dtype.
        palette: RGB of each class, 0 to 255.

    Returns:
        Picture (H, W, 3) in uint8; black where a label is not a class.
    """
    colours = np.zeros((len(palette) + 1, 3), np.uint8)
    colours[:-1] = palette
    labels = np.asarray(labels).astype(np.int64)
    inside = (labels >= 0) & (labels < len(palette))
    return colours[np.where(inside, labels, len(palette))]


def class_bars(
    runs: Mapping[str, Mapping[str, float]], classes: Sequence[str]
) -> bytes:
    """Bars of IoU, accuracy and bias of each class, runs side by side.

    Args:
        runs: For each run, the scores that ``BalancedIoUMetric`` returns.
            Panels for which no run has a value are left out, and so are bars
            of classes without one.
        classes: Names of the classes.

    Returns:
        The picture, as PNG.
    """
    panels = [
        (key, title)
        for key, title in PANELS
        if any(f'{key}.{c}' in s for s in runs.values() for c in classes)
    ]
    width = 2 + max(len(classes) * 0.18 * (len(runs) + 1), 4)
    figure = Figure(
        figsize=(width, 2.4 * max(len(panels), 1) + 0.6), layout='constrained'
    )
    axes = figure.subplots(max(len(panels), 1), 1, squeeze=False, sharex=True)
    place = np.arange(len(classes))
    bar = 0.8 / max(len(runs), 1)
    for axis, (key, title) in zip(axes[:, 0], panels, strict=False):
        for i, (name, scores) in enumerate(runs.items()):
            height = [scores.get(f'{key}.{c}', np.nan) for c in classes]
            axis.bar(
                place + (i - (len(runs) - 1) / 2) * bar,
                height,
                bar,
                color=RUN_COLOURS[i % len(RUN_COLOURS)],
                label=name,
            )
        axis.set_ylabel(title)
        axis.grid(axis='y', alpha=0.3)
        axis.set_axisbelow(True)
        axis.spines[['top', 'right']].set_visible(False)
        if key == 'Bias':
            axis.axhline(0, color='black', linewidth=0.8)
        else:
            axis.set_ylim(0, 100)
    last = axes[-1, 0]
    last.set_xticks(
        place, classes, rotation=40, ha='right', rotation_mode='anchor'
    )
    last.set_xlim(-0.6, len(classes) - 0.4)
    if panels:
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(),
            loc='outside upper center',
            ncols=min(len(runs), 4),
            frameon=False,
        )
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def to_png(picture: np.ndarray) -> bytes:
    """Encode a picture.

    Args:
        picture: RGB (H, W, 3) in uint8.

    Returns:
        The PNG.
    """
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format='PNG', optimize=True)
    return out.getvalue()
