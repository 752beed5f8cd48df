"""Whether a label fits the data set and the image that it is loaded for."""

from collections.abc import Callable

from mmengine.dataset import BaseDataset

from ...errors import UserValueError
from ..files.image_pairs import exif_orientation
from ..files.label_range import LabelRange
from .bad_files import WrongLabelError
from .preparation import size_advice


def check_reduce_zero_label(
    annotations: Callable | None, labels: LabelRange, name: str
) -> None:
    """Refuse what ``LoadAnnotations`` asserts, and say whose key it is.

    Args:
        annotations: The transform that reads labels.
        labels: The label values of the data set.
        name: Key of the data set.

    Raises:
        ValueError: Data set and transform differ in ``reduce_zero_label``.
    """
    loading = getattr(annotations, 'reduce_zero_label', None)
    if loading is None or loading == labels.reduce_zero_label:
        return
    raise UserValueError(
        f'{name}.reduce_zero_label is {labels.reduce_zero_label}, and '
        f'{type(annotations).__name__} in its pipeline has '
        f'reduce_zero_label={loading}: leave the key away there, and set '
        f'{name}.reduce_zero_label=True where 0 stands for unlabelled pixels '
        'in the files and the classes begin at 1, False where 0 is the first '
        'class'
    )


def check_label_size(results: dict, dataset: BaseDataset, name: str) -> None:
    """Refuse a label of another size than its image.

    Args:
        results: Image and label as they were loaded.
        dataset: Their data set.
        name: Its key.

    Raises:
        WrongLabelError: Names both files, their sizes, and what mends it.
    """
    # the image itself may have been resized before the label is loaded
    shape = results.get('ori_shape') or results['img'].shape
    height, width = shape[:2]
    label = results['gt_seg_map']
    if label.ndim == 2 and label.shape != (height, width):
        raise WrongLabelError(
            f'{name} label {results.get("seg_map_path")} has '
            f'{label.shape[1]} x {label.shape[0]} pixels, and its image '
            f'{results.get("img_path")} {width} x {height} (width x height): '
            f'{_size_advice(results, dataset)}'
        )


def _size_advice(results: dict, dataset: BaseDataset) -> str:
    turned = exif_orientation(results.get('img_path'))
    height, width = results['img'].shape[:2]
    if turned > 4 and results['gt_seg_map'].shape == (width, height):
        return (
            f'the EXIF tag of the image turns it (orientation {turned}) and '
            "not its label; color_type='color_ignore_orientation' of "
            'LoadImageFromFile leaves it as it is'
        )
    return (
        'give both the same size, or set data_prefix to the folders that '
        f'belong together{size_advice(dataset)}'
    )
