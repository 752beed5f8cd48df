"""What to try where label files hold values that are no classes."""

import numpy as np


def channel_advice(channels: int) -> str:
    """What becomes of a label image with several channels.

    Args:
        channels: How many.

    Returns:
        What is to be done.
    """
    if channels == 2:
        return 'save it without its alpha channel'
    return (
        'colour-coded labels must be turned into class ids first; segments of '
        'a panoptic data set are read by LoadPanopticAnnotations, and need no '
        'class statistics'
    )


def zero_hint(values: np.ndarray, num_classes: int) -> str:
    """What to try where the classes of label files seem to begin at 1.

    Args:
        values: The values in a file that are no class.
        num_classes: Number of classes C.

    Returns:
        What to put behind an error message; empty where C is not the only
        value.
    """
    if list(values) != [num_classes]:
        return ''
    return (
        f'. Do the files count the classes from 1 to {num_classes}, and is 0 '
        'unlabelled? Then say so with reduce_zero_label=True in the data set, '
        'and with --reduce-zero-label to mmseg-balance data class-stats. Is 0 '
        f'a class of its own? Then there are {num_classes + 1} classes: '
        'metainfo.classes, num_classes'
    )
