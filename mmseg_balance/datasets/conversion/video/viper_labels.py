"""The label files of VIPER (Richter et al., ICCV 2017)."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ....errors import UserValueError
from ...files.label_images import LABEL_MODES, decode
from ...sets.video.frames import frame_of
from ..label_scheme import LabelScheme

UNLABELLED, CAR, VAN, TRAIN = 0, 24, 25, 29
NUM_IDS = 32
# classes.csv of the toolkit (github.com/srrichter/viper) to Cityscapes'
# train ids; trees (7) and other vegetation (8) are one class there
VIPER_TRAIN_IDS = {
    3: 0, 4: 1, 9: 2, 11: 4, 13: 6, 14: 7, 7: 8, 8: 8, 6: 9, 2: 10, 20: 11,
    24: 13, 27: 14, 26: 15, TRAIN: 16, 23: 17, 22: 18,
}  # fmt: skip


def viper_scheme(every: int = 10, ego_car: bool = True) -> LabelScheme:
    """How VIPER's ids become Cityscapes' train ids.

    Vans (25) have no train id, as in the lists of DA-VSN, TPS and CMOM. UVDA
    makes trains of them, since both have one colour in the palette and its
    OpenCV reads colours.

    Args:
        every: Only labels whose number is a multiple of it are converted.
        ego_car: Whether the car that the camera is in stays a car.

    Returns:
        The scheme.
    """
    return LabelScheme(
        train_ids=VIPER_TRAIN_IDS,
        ignored_ids=sorted(set(range(NUM_IDS)) - set(VIPER_TRAIN_IDS)),
        read=partial(read_viper_ids, ego_car=ego_car),
        image_suffix='.jpg',
        wanted=partial(is_multiple, every=every),
    )


def read_viper_ids(path: str | Path, ego_car: bool = True) -> np.ndarray:
    """Read the class ids of a VIPER label file.

    Args:
        path: Palette image whose indices are the ids, or a grey one of ids.
        ego_car: See :func:`viper_scheme`.

    Returns:
        uint8 ids (H, W).

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: It has colours in place of ids.
    """
    mode, values, _ = decode(path)
    if mode not in LABEL_MODES:
        raise UserValueError(
            f'{path}: PIL mode {mode}, expected the indexed PNG of one '
            'channel as downloaded (train/cls of VIPER), whose indices are '
            'the ids of the classes. Colours do not tell them: van '
            f'({VAN}) and train ({TRAIN}) have the same. cv2.imread and '
            "Image.convert('RGB') make colours of indices; read the file "
            'with PIL.Image.open, and save what you need as it is'
        )
    return values if ego_car else without_ego_car(values)


def without_ego_car(ids: np.ndarray, car: int = CAR) -> np.ndarray:
    """Take out the car that the camera is in.

    As in DA-VSN, TPS and CMOM: the 8-connected car that holds the pixel in
    the middle of the lowest row is no car. There it is done at the size of
    training, here at that of the file.

    Args:
        ids: Ids (H, W).
        car: That of cars.

    Returns:
        Ids (H, W), ``UNLABELLED`` where that car was.
    """
    row, column = ids.shape[0] - 1, ids.shape[1] // 2
    if ids[row, column] != car:
        return ids
    cars = (ids == car).astype(np.uint8)
    _, parts = cv2.connectedComponents(cars, connectivity=8)
    ego = parts == parts[row, column]
    return np.where(ego, np.asarray(UNLABELLED, dtype=ids.dtype), ids)


def is_multiple(file: Path, every: int) -> bool:
    """Whether the number of a label file is a multiple of another.

    Args:
        file: The file, '001_00010.png' for one.
        every: The other number.

    Raises:
        ValueError: The name has no number at its end.
    """
    return frame_of(file.stem, str(file)).number % every == 0
