"""One map of an image: its colours, its name, its number."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from ..classification.names import legible_on
from ..figures import colour_labels
from ..panoptic.panel import segment_panel
from .panels import Panel

# inches
WIDTH = 2.5
DPI, FONT = 120, 8
# legible with any colour vision
UNIT, SIGNED, NO_NUMBER, FRAME = 'viridis', 'RdBu_r', '0.75', '0.5'
NO_LABEL = 'no label'


def draw_panel(
    axis: Axes,
    panel: Panel,
    classes: Sequence[str],
    palette: Sequence,
    scales: Mapping[str, Normalize],
) -> None:
    """Draw a map.

    Args:
        axis: Where.
        panel: The map. Of one pixel, as of an image that has one label, it
            has the name of its class, or its number, written on it.
        classes: Names of the classes.
        palette: RGB of each.
        scales: Of numbers, by the names of their colours.
    """
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
        name = SIGNED if panel.is_signed else UNIT
        colours = colormaps[name].with_extremes(bad=NO_NUMBER)
        content = np.ma.masked_invalid(content)
        axis.imshow(content, colours, scales[name], **options)
    elif panel.is_panoptic:
        void = no_label(palette)
        width = round(WIDTH * DPI)
        painted = segment_panel(content, palette, classes, width, void)
        axis.imshow(painted, **options)
    else:
        painted = colour_labels(content, palette)
        painted[(content < 0) | (content >= len(palette))] = no_label(palette)
        axis.imshow(painted, **options)
    if content.shape == (1, 1):
        _write_value(axis, panel, classes, palette)


def _write_value(
    axis: Axes, panel: Panel, classes: Sequence[str], palette: Sequence
) -> None:
    """What a map of one pixel has, in letters."""
    value = panel.content[0, 0]
    if panel.content.dtype == bool:
        text, colour = ('yes' if value else 'no'), [255 * value] * 3
    elif panel.content.dtype.kind == 'f':
        text, colour = f'{value:.2f}', [255] * 3
    elif 0 <= value < len(classes):
        text, colour = classes[value], palette[value]
    else:
        text, colour = NO_LABEL, no_label(palette)
    axis.text(
        *(0.5, 0.5),
        text,
        transform=axis.transAxes,
        ha='center',
        va='center',
        fontsize=FONT + 3,
        color=np.array(legible_on(colour)) / 255,
        bbox=dict(color='white', alpha=0.8)
        if panel.content.dtype.kind == 'f'
        else None,
    )


def no_label(palette: Sequence) -> tuple[int, int, int]:
    """Black, where no class has it."""
    taken = {tuple(colour) for colour in palette}
    greys = ((value,) * 3 for value in (0, 255, *range(1, 255)))
    return next(grey for grey in greys if grey not in taken)
