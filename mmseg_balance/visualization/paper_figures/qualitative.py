"""Segmentations side by side, with what improved (Fig. 4, 10 of BLDA)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ...evaluation.improved_regions import Region, improved_regions
from ..figures import colour_labels
from .drawn import Drawn, Table
from .page import SMALL, WIDTHS, new_figure, panels, printed, to_png

IMPROVED, WORSENED = '#F0E442', '#FF4FD8'
# share of an image that a region needs to be marked, and room around it
SMALLEST, ROOM = 0.001, 2
# inches
TITLE, LEGEND_ROW, GAP = 0.16, 0.15, 0.04
LETTERS = 13  # of a legend's line, an inch
BOX_COLUMNS = (
    'image',
    'kind',
    'rank',
    'left (pixels)',
    'top (pixels)',
    'width (pixels)',
    'height (pixels)',
    'size (pixels)',
    'class',
)
COLUMNS = (
    'image',
    'drawn',
    'labelled (pixels)',
    'improved (pixels)',
    'worsened (pixels)',
)


@printed
def draw_qualitative(
    samples: Sequence,
    counts: Sequence,
    names: Sequence[str],
    class_names: Sequence[str],
    palette: Sequence,
    boxes: int = 3,
    width: float = WIDTHS['text'],
) -> Drawn:
    """Rows of image, label, and the predictions of two models.

    Boxes mark the largest connected regions that the second model alone has
    right, with their class; dashed ones those that the first alone has.

    Args:
        samples: ``PairedSample`` of each row.
        counts: ``PairCounts`` of every image, for the table.
        names: Of the two models.
        class_names: Names of the C classes.
        palette: RGB of each class, 0 to 255.
        boxes: Boxes of either kind in an image, at most.
        width: Of the picture, in inches.

    Returns:
        The picture; a table of all images, and with '_boxes' that of what is
        marked.
    """
    panel = width / 4 - GAP
    shapes = [sample.label.shape for sample in samples]
    heights = [panel * h / w for h, w in shapes]
    shown = sorted(
        {int(v) for s in samples for m in (s.label, s.before, s.after)
         for v in np.unique(m)}
    )  # fmt: skip
    legend = _legend(shown, class_names, palette)
    letters = max(len(entry.get_label()) for entry in legend) + 4
    across = max(int(width * LETTERS / letters), 1)
    figure = new_figure(
        width,
        sum(heights)
        + TITLE
        + GAP * len(samples)
        + LEGEND_ROW * (-(-len(legend) // across) + 1),
    )
    figure.get_layout_engine().set(w_pad=GAP / 2, h_pad=GAP / 2, wspace=0)
    axes = panels(figure, len(samples), 4, height_ratios=heights)
    titles = ('image', 'label', *names)
    table = Table(BOX_COLUMNS)
    for line, sample in zip(axes, samples, strict=True):
        contents = [
            sample.image,
            *(
                colour_labels(m, palette)
                for m in (sample.label, sample.before, sample.after)
            ),
        ]
        marked = _marked(sample, boxes)
        for axis, content in zip(line, contents, strict=True):
            axis.imshow(content, interpolation='nearest')
            axis.set_axis_off()
        for kind, regions in marked.items():
            for rank, region in enumerate(regions, 1):
                name = class_names[region.label]
                for axis in line[1:]:
                    _box(axis, region, kind)
                _name(line[3], region, name, kind, sample.label.shape)
                table.rows.append((
                    sample.name, kind, rank, region.left, region.top,
                    region.width, region.height, region.pixels, name,
                ))  # fmt: skip
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title)
    figure.legend(handles=legend, loc='outside lower center', ncols=across)
    drawn = {sample.name for sample in samples}
    images = Table(COLUMNS)
    images.rows = [
        (c.name, 'yes' if c.name in drawn else 'no', c.labelled, c.improved,
         c.worsened)
        for c in counts
    ]  # fmt: skip
    return Drawn(to_png(figure), {'': images, '_boxes': table})


def _marked(sample: object, boxes: int) -> dict[str, list[Region]]:
    label, before, after = sample.label, sample.before, sample.after
    least = max(int(SMALLEST * label.size), 1)
    return {
        'improved': improved_regions(label, before, after, least)[:boxes],
        'worsened': improved_regions(label, after, before, least)[:boxes],
    }


def _box(axis: Axes, region: Region, kind: str) -> None:
    """A line of its colour on a wider black one: seen on any background."""
    for width, colour in ((1.8, 'black'), (0.9, _colour(kind))):
        axis.add_patch(
            Rectangle(
                (region.left - ROOM, region.top - ROOM),
                region.width + 2 * ROOM - 1,
                region.height + 2 * ROOM - 1,
                fill=False,
                edgecolor=colour,
                linewidth=width,
                linestyle='-' if kind == 'improved' else (0, (2, 1.5)),
            )
        )


def _name(
    axis: Axes, region: Region, name: str, kind: str, shape: tuple[int, int]
) -> None:
    """The class of a box, at its side that has more room."""
    above = region.top > shape[0] / 6
    right = region.left > shape[1] / 2
    axis.annotate(
        name,
        (
            region.left + (region.width if right else 0),
            region.top - ROOM if above else region.top + region.height + ROOM,
        ),
        xytext=(0, 1.5 if above else -1.5),
        textcoords='offset points',
        ha='right' if right else 'left',
        va='bottom' if above else 'top',
        fontsize=SMALL,
        annotation_clip=False,
        color='black',
        bbox=dict(facecolor=_colour(kind), edgecolor='none', pad=0.6),
    )


def _colour(kind: str) -> str:
    return IMPROVED if kind == 'improved' else WORSENED


def _legend(
    shown: Sequence[int], names: Sequence[str], palette: Sequence
) -> list[Artist]:
    style = dict(edgecolor='black', linewidth=0.3)
    entries: list[Artist] = [
        Patch(facecolor=np.array(palette[c]) / 255, label=names[c], **style)
        for c in shown
        if c < len(names)
    ]
    if any(c >= len(names) for c in shown):
        entries.append(Patch(facecolor='black', label='no label', **style))
    for kind, words in (('improved', '-'), ('worsened', '--')):
        entries.append(
            Patch(
                facecolor=_colour(kind),
                linestyle=words,
                edgecolor='black',
                linewidth=0.6,
                label=kind,
            )
        )
    return entries
