"""What a transform of a pipeline is for: its class says, or else its name."""

from collections.abc import Callable, Sequence
from typing import Any

from mmcv.transforms import (
    CenterCrop,
    LoadAnnotations,
    LoadImageFromFile,
    RandomFlip,
    Resize,
)
from mmseg.datasets.transforms import (
    BioMedical3DRandomCrop,
    BioMedical3DRandomFlip,
    RandomCrop,
)
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ...files.config_walk import class_of, type_name
from .class_label import LoadClassLabel

Transform = Callable | dict | str
LABEL_LOADERS = (LoadAnnotations, LoadClassLabel)
CROPS = (RandomCrop, CenterCrop, BioMedical3DRandomCrop)
FLIPS = (RandomFlip, BioMedical3DRandomFlip)
# whose transforms without "Crop" in their names give the image as a whole
KNOWN_PACKAGES = ('mmcv', 'mmengine', 'mmseg', __name__.partition('.')[0])


def is_loader(transform: Transform) -> bool:
    """Whether a transform reads files.

    Args:
        transform: A transform, its config, or the name of its class.

    Returns:
        True for subclasses of mmcv's loaders, and for others whose name
        begins with "Load".
    """
    kinds = (LoadImageFromFile, *LABEL_LOADERS)
    return _is_a(transform, kinds, 'Load', '')


def is_image_loader(transform: Transform) -> bool:
    """Whether a transform reads images.

    Args:
        transform: A transform, its config, or the name of its class.

    Returns:
        True for mmcv's ``LoadImageFromFile``, its subclasses, and others
        that are named like it.
    """
    return _is_a(transform, LoadImageFromFile, 'Load', 'Image')


def is_label_loader(transform: Transform) -> bool:
    """Whether a transform reads labels.

    Args:
        transform: A transform, its config, or the name of its class.

    Returns:
        True for mmcv's ``LoadAnnotations``, its subclasses, and others that
        are named like it; and for ``LoadClassLabel``.
    """
    return _is_a(transform, LABEL_LOADERS, 'Load', 'Annotation')


def is_crop(transform: Transform) -> bool:
    """Whether a transform takes a part of the image.

    Args:
        transform: A transform, its config, or the name of its class.

    Returns:
        True for the crops of mmcv and mmseg, their subclasses, and others
        with "Crop" in their name.
    """
    return _is_a(transform, CROPS, '', 'Crop')


def is_flip(transform: Transform) -> bool:
    """Whether a transform mirrors the image.

    Args:
        transform: A transform, its config, or the name of its class.

    Returns:
        True for the flips of mmcv and mmseg, their subclasses, and others
        with "Flip" in their name.
    """
    return _is_a(transform, FLIPS, '', 'Flip')


def is_resize(transform: Transform) -> bool:
    """Whether a transform gives the image another size, be it after a crop.

    Args:
        transform: A transform, its config, or the name of its class.

    Returns:
        True for mmcv's ``Resize``, its subclasses, and others with "Resize"
        in their name.
    """
    return _is_a(transform, Resize, '', 'Resize')


def place_of_crop(
    transforms: Sequence[Callable], split_before: str | None, key: str
) -> int:
    """Where a pipeline is cut, so that its rest gives crop after crop.

    Args:
        transforms: The transforms of a pipeline.
        split_before: Name of the one that crops; None looks for it.
        key: Key of the pipeline, for the message.

    Returns:
        Position of the transform that crops; the number of transforms where
        none is known to.

    Raises:
        ValueError: None of those behind the loading has that name.
    """
    if split_before is None:
        places = [i for i, t in enumerate(transforms) if is_crop(t)]
        return places[0] if places else len(transforms)
    names = [type(t).__name__ for t in transforms]
    loaders = [
        i
        for i, t in enumerate(transforms)
        # which is in no file, and stands behind the crop
        if is_loader(t) and not isinstance(t, LoadClassLabel)
    ]
    begin = max(loaders, default=-1) + 1
    wanted = split_before.rpartition('.')[2]
    if wanted not in names[begin:]:
        raise UserValueError(
            f'rare_class_sampling.split_before is {split_before!r}, expected '
            f'the transform of {key} that crops, one of those behind the '
            f'loading of files: {", ".join(names[begin:])}'
        )
    return names.index(wanted, begin)


def crop_size(transforms: Sequence[Callable]) -> tuple[int, int] | None:
    """The size that a pipeline crops images to.

    Args:
        transforms: The transforms of a pipeline.

    Returns:
        Height and width; None where the last transform that changes them is
        not mmseg's ``RandomCrop``, for all that is known.
    """
    for transform in reversed(transforms):
        if isinstance(transform, RandomCrop):
            return tuple(transform.crop_size)
        if is_crop(transform) or 'Resize' in type(transform).__name__:
            return None
    return None


def possible_crops(transforms: Sequence[Callable]) -> list[str]:
    """Transforms that might crop, for all that is known of them.

    Args:
        transforms: The transforms of a pipeline.

    Returns:
        Names of those of other packages, and of those made of others, such
        as ``RandomApply`` and ``Albu``; none that load files.
    """
    return [
        type(t).__name__
        for t in transforms
        if not is_loader(t)
        and (
            type(t).__module__.partition('.')[0] not in KNOWN_PACKAGES
            or hasattr(t, 'transforms')
        )
    ]


def _is_a(transform: Transform, kinds: Any, begin: str, part: str) -> bool:
    if isinstance(transform, str):
        transform = dict(type=transform)
    if isinstance(transform, dict):
        kind, name = class_of(transform, TRANSFORMS), type_name(transform)
    else:
        kind = type(transform)
        name = kind.__name__
    if isinstance(kind, type) and issubclass(kind, kinds):
        return True
    return name.startswith(begin) and part in name
