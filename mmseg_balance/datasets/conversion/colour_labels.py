"""Cityscapes ids from label images as they are passed around.

Original labels of GTA are palette images whose indices are ids, those of
Cityscapes grey images of ids. Tools that saved them anew made RGB images of
the palette's colours, added an alpha channel, or sorted the palette.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import UserValueError
from ..files.label_images import LABEL_MODES, decode

# of github.com/mcordts/cityscapesScripts (helpers/labels.py), and GTA's own
# colour of static; where ids share a colour, the first of them
ID_OF_COLOUR = {
    (0, 0, 0): 0, (20, 20, 20): 4, (111, 74, 0): 5, (81, 0, 81): 6,
    (128, 64, 128): 7,
    (244, 35, 232): 8, (250, 170, 160): 9, (230, 150, 140): 10,
    (70, 70, 70): 11, (102, 102, 156): 12, (190, 153, 153): 13,
    (180, 165, 180): 14, (150, 100, 100): 15, (150, 120, 90): 16,
    (153, 153, 153): 17, (250, 170, 30): 19, (220, 220, 0): 20,
    (107, 142, 35): 21, (152, 251, 152): 22, (70, 130, 180): 23,
    (220, 20, 60): 24, (255, 0, 0): 25, (0, 0, 142): 26, (0, 0, 70): 27,
    (0, 60, 100): 28, (0, 0, 90): 29, (0, 0, 110): 30, (0, 80, 100): 31,
    (0, 0, 230): 32, (119, 11, 32): 33,
}  # fmt: skip
# that first id: of what is ignored, of pole group and licence plate
FIRST_OF_COLOUR = {1: 0, 2: 0, 3: 0, 4: 0, 255: 0, 18: 17, 34: 26}
SHOWN_COLOURS = 5


def read_cityscapes_ids(path: str | Path) -> np.ndarray:
    """Read the Cityscapes ids of a label image.

    Args:
        path: Grey or palette image of ids, with an alpha channel or without;
            RGB image with the id in each channel, or of Cityscapes' colours.
            A palette of these colours in another order than that of the ids
            counts by its colours.

    Returns:
        Integer array (H, W).

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: The image is of another kind, or has colours that are
            none of Cityscapes'; names them.
    """
    mode, values, palette = decode(path)
    if mode == 'P':
        return _by_palette(values, palette)
    if mode == 'LA':
        return values[..., 0]
    if mode in ('RGB', 'RGBA'):
        return _by_colour(values[..., :3], path)
    if mode not in LABEL_MODES:
        raise UserValueError(
            f"{path}: expected an image of class ids or of Cityscapes' "
            f'colours, found PIL mode {mode}'
        )
    return values


def _by_palette(indices: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Indices are ids, unless the colours say clearly that they are not."""
    present = np.unique(indices)
    if present[-1] >= len(palette):
        return indices
    ids = [ID_OF_COLOUR.get(tuple(c)) for c in palette[present].tolist()]
    if None in ids:
        return indices
    if _first(ids) == _first(present.tolist()):
        return indices
    table = np.zeros(256, dtype=np.uint8)
    table[present] = ids
    return table[indices]


def _by_colour(values: np.ndarray, path: str | Path) -> np.ndarray:
    colours = values.reshape(-1, 3).astype(np.uint32) @ [65536, 256, 1]
    found, inverse = np.unique(colours, return_inverse=True)
    triples = [(int(c) >> 16, int(c) >> 8 & 255, int(c) & 255) for c in found]
    ids = [ID_OF_COLOUR.get(triple) for triple in triples]
    if None in ids and all(r == g == b for r, g, b in triples):
        return values[..., 0]
    if None in ids:
        unknown = [t for t, i in zip(triples, ids, strict=True) if i is None]
        shown = ', '.join(map(str, unknown[:SHOWN_COLOURS]))
        more = ', ...' if len(unknown) > SHOWN_COLOURS else ''
        raise UserValueError(
            f"{path}: the colour {shown}{more} is none of Cityscapes' "
            '(a label that was resized smoothly, saved as JPEG, or of other '
            'classes); take the original file, an image of class ids'
        )
    return np.array(ids, dtype=np.uint8)[inverse].reshape(values.shape[:2])


def _first(ids: Sequence[int]) -> list[int]:
    return [FIRST_OF_COLOUR.get(i, i) for i in ids]
