"""What was recorded of an image, as rows of panels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor, nn

from ...models.recording import (
    ATTENTION,
    CELLS,
    CONFIDENCE,
    DENSITY,
    DENSITY_PREDICTION,
    FROM_TARGET,
    IMAGE,
    LABELS,
    OFFSET,
    PANOPTIC,
    PREDICTION,
    SEGMENTS,
    SOURCE,
    TARGET,
    WEIGHTS,
)
from .images import original_image

# columns from left to right; those of one column are of different rows
COLUMNS = (
    (IMAGE,),
    (LABELS,),
    (PANOPTIC,),
    (WEIGHTS, CELLS),
    (CONFIDENCE, FROM_TARGET),
    (PREDICTION,),
    (ATTENTION,),
    (OFFSET,),
    (DENSITY,),
    (DENSITY_PREDICTION,),
    (SEGMENTS,),
)
COLUMN_OF = {name: i for i, names in enumerate(COLUMNS) for name in names}
# what is of both signs
SIGNED = {OFFSET}
TITLES = {
    (TARGET, LABELS): 'pseudo-labels',
    CELLS: 'cells of the feature distance',
    SEGMENTS: 'stuff and objects whose features count',
    FROM_TARGET: 'from the target (white)',
    ATTENTION: 'attention to the detail',
    OFFSET: 'BLDA offset of the label',
    DENSITY: 'density d (Eq. 10)',
}
CONSTANT = 1e-6  # range of numbers that are one
NAME_ENDS = 16  # letters of either end of a file's name, where it is long


@dataclass(frozen=True, eq=False)
class Panel:
    """A map of one image.

    Attributes:
        title: Above it.
        content: RGB (H, W, 3) in uint8; classes (H, W) of an integer dtype;
            a mask, bool; or numbers (H, W) of a floating dtype, NaN where
            there is none.
        column: Its place in the row.
        is_signed: Whether numbers are shown around 0, instead of from 0 to
            1.
        is_panoptic: Whether integers are ids of segments, class * 1000 +
            number.
    """

    title: str
    content: np.ndarray
    column: int = 0
    is_signed: bool = False
    is_panoptic: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """Panels of one image.

    Attributes:
        title: Beside it.
        panels: By their columns.
    """

    title: str
    panels: Sequence[Panel]


def sample_rows(
    recorded: Mapping[str, Mapping[str, Tensor]],
    index: int,
    preprocessor: nn.Module | None,
    files: Mapping[str, Sequence[str]] | None = None,
) -> list[Row]:
    """Rows of one image of a batch.

    Args:
        recorded: Of a ``PictureRecorder``.
        index: Which image of the batch.
        preprocessor: What normalised the images.
        files: Names of the image files of the rows that have such, for
            titles.

    Returns:
        Source and target first, then objectives in their order. A row that
        has fewer images is left out.
    """
    first = [row for row in (SOURCE, TARGET) if row in recorded]
    found: dict[str, dict[str, Panel]] = {}
    for row in dict.fromkeys([*first, *recorded]):
        of_files = (files or {}).get(row, ())
        file = of_files[index] if index < len(of_files) else ''
        panels = {
            name: _panel(row, name, values[index], preprocessor, file)
            for name, values in recorded[row].items()
            if index < len(values)
        }
        if panels:
            found[row] = panels
    columns = _columns(name for panels in found.values() for name in panels)
    rows = []
    for title, panels in found.items():
        placed = [replace(p, column=columns[n]) for n, p in panels.items()]
        rows.append(Row(title, sorted(placed, key=lambda p: p.column)))
    return rows


def _panel(
    row: str,
    name: str,
    value: Tensor,
    preprocessor: nn.Module | None,
    file: str,
) -> Panel:
    title = TITLES.get((row, name), TITLES.get(name, name))
    if value.dim() == 3:
        image = original_image(value, preprocessor)
        if file and name == IMAGE:
            title = _shortened(file)
        return Panel(title, image)
    content = value.numpy()
    is_signed = name in SIGNED
    if content.dtype.kind == 'f':
        title += _range(content, is_signed)
    return Panel(
        title, content, is_signed=is_signed, is_panoptic=name == PANOPTIC
    )


def _shortened(file: str) -> str:
    """A name that has room above its panel."""
    if len(file) <= 2 * NAME_ENDS + 3:
        return file
    return f'{file[:NAME_ENDS]}...{file[-NAME_ENDS:]}'


def _range(content: np.ndarray, is_signed: bool) -> str:
    """Of the numbers of a map, as the end of its title."""
    known = content[np.isfinite(content)]
    if not known.size:
        return ': none'
    low, high = float(known.min()), float(known.max())
    ends = [low] if high - low < CONSTANT else [low, high]
    digits = 2 if is_signed else 3
    # 0.0 is added to what is rounded to -0
    return ': ' + ' to '.join(
        f'{round(x, digits) + 0.0:.{digits}f}' for x in ends
    )


def _columns(names: Iterable[str]) -> dict[str, int]:
    """Places of names, without columns that nobody has; users' names last."""
    last = len(COLUMNS)
    keys = {
        name: (COLUMN_OF.get(name, last), '' if name in COLUMN_OF else name)
        for name in names
    }
    order = sorted(set(keys.values()))
    return {name: order.index(key) for name, key in keys.items()}
