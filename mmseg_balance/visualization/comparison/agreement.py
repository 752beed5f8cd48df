"""Where two predictions are right, pixel by pixel."""

import numpy as np

# told apart with any colour vision, and from white; RGB of each case
CASES = (
    ('both right', (240, 240, 240)),
    ('both wrong, alike', (176, 176, 176)),
    ('only {first} right', (230, 159, 0)),
    ('only {second} right', (0, 114, 178)),
    ('both wrong, differently', (204, 121, 167)),
    ('unlabelled', (255, 255, 255)),
)
RIGHT, ALIKE, FIRST, SECOND, DIFFERENT, UNLABELLED = range(len(CASES))


def agreement(
    label: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    num_classes: int,
) -> np.ndarray:
    """Compare two predictions with the label.

    Args:
        label, first, second: Classes (H, W).
        num_classes: Number of classes C; labels outside [0, C) are
            unlabelled.

    Returns:
        Place in ``CASES`` of each pixel (H, W), uint8.
    """
    first_right, second_right = first == label, second == label
    return np.select(
        [
            (label < 0) | (label >= num_classes),
            first_right & second_right,
            first_right,
            second_right,
            first == second,
        ],
        [UNLABELLED, RIGHT, FIRST, SECOND, ALIKE],
        DIFFERENT,
    ).astype(np.uint8)


def errors(
    label: np.ndarray, prediction: np.ndarray, num_classes: int
) -> np.ndarray:
    """Where one prediction is wrong.

    Args:
        label, prediction: Classes (H, W).
        num_classes: Number of classes C.

    Returns:
        (H, W) in uint8: of ``CASES``, ``RIGHT``, ``DIFFERENT`` for wrong
        pixels, and ``UNLABELLED``.
    """
    cases = agreement(label, prediction, prediction, num_classes)
    return np.where(cases == ALIKE, DIFFERENT, cases).astype(np.uint8)
