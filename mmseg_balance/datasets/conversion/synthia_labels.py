"""The label files of SYNTHIA-RAND-CITYSCAPES (Ros et al., 2016)."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ...errors import UserOSError, UserValueError
from .label_scheme import LabelScheme

# of a PNG file: where its header has the kind of its colours, and one kind
COLOUR_TYPE, GREY_AND_ALPHA = 25, 4


def read_synthia_ids(path: Path) -> np.ndarray:
    """Read the class ids of a SYNTHIA label file.

    Args:
        path: See :func:`read_synthia_channels`.

    Returns:
        uint16 class ids (H, W).

    Raises:
        OSError, ValueError: See there.
    """
    return read_synthia_channels(path)[0]


def read_synthia_channels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the classes and the instances of a SYNTHIA label file.

    Args:
        path: 16-bit PNG with 2 channels (class, instance) or 3 (class,
            instance, nothing).

    Returns:
        Class ids and instance numbers, uint16 (H, W) each.

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: The image is of another kind.
    """
    # Pillow cuts 16-bit colour images down to 8 bits, so it only checks the
    # file; OpenCV may return half an image for half a file
    try:
        with Image.open(path) as image:
            image.verify()
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError) as error:
        raise UserOSError(f'{path}: cannot be decoded ({error})') from error
    label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if label is None:
        raise UserOSError(f'{path}: cannot be decoded')
    if label.ndim != 3 or label.dtype != np.uint16:
        raise UserValueError(
            f'{path}: expected a 16-bit image of 2 or 3 channels (GT/LABELS '
            f'of SYNTHIA-RAND-CITYSCAPES), found {label.dtype} of shape '
            f'{label.shape}; Pillow and imageio keep 8 bits of these files, '
            'and with them no class ids: take the file as downloaded'
        )
    # OpenCV gives 3 channels as B, G, R and 2 as grey, grey, grey, alpha
    return label[..., 2], label[..., 3 if _has_two_channels(path) else 1]


def _has_two_channels(path: Path) -> bool:
    """Whether a PNG file is of grey and alpha, which its header says."""
    with path.open('rb') as file:
        return file.read(COLOUR_TYPE + 1)[COLOUR_TYPE] == GREY_AND_ALPHA


# 16, 18 and 20 do not occur in the data set; void, parking slot, road work
# and lane marking have no train id
SYNTHIA_LABELS = LabelScheme(
    train_ids={
        3: 0, 4: 1, 2: 2, 21: 3, 5: 4, 7: 5, 15: 6, 9: 7, 6: 8, 16: 9,
        1: 10, 10: 11, 17: 12, 8: 13, 18: 14, 19: 15, 20: 16, 12: 17, 11: 18,
    },
    ignored_ids=(0, 13, 14, 22),
    read=read_synthia_ids,
)  # fmt: skip
