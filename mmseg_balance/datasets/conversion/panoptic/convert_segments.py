"""From a data set's original labels to panoptic PNG images."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ....errors import UserValueError
from ....files.mapping import map_files
from ....files.walking import find_files
from ....files.writing import require_writable
from ...files.image_pairs import check_not_turned, pair_images, stored_size
from ..label_conversion import TRAIN_ID_SUFFIX
from .annotation_files import Annotation, read_ids, write_ids
from .cityscapes_segments import describe

PANOPTIC_SUFFIX = '_panoptic.png'


@dataclass(frozen=True)
class SegmentScheme:
    """How the original labels of a data set become segments.

    Args:
        read: Reads Cityscapes' ids of segments (H, W) of a file, 0 where
            there is none; raises ``OSError`` or ``ValueError``.
        suffix: What the names of original label files end with;
            ``PANOPTIC_SUFFIX`` takes its place in the names of the new ones.
        image_suffix: What the names of images end with.
        tag: What the names of labels have before ``suffix`` and those of
            images have not.
    """

    read: Callable[[Path], np.ndarray]
    suffix: str
    image_suffix: str
    tag: str = ''


@dataclass(frozen=True)
class Job:
    """A label file to convert.

    Args:
        original: The original label file.
        png: The file to write.
        image: Its image, None where there is none.
        annotation: What is known before its segments are read.
    """

    original: Path
    png: Path
    image: Path | None
    annotation: Annotation


def convert_segments(
    scheme: SegmentScheme,
    label_dir: Path,
    image_dir: Path,
    out_dir: Path,
    nproc: int = 1,
) -> list[Annotation]:
    """Convert all label files below a folder; finished files are kept.

    Args:
        scheme: How to read them.
        label_dir: Folder of the original labels.
        image_dir: Folder of their images, in the same layout; may be
            missing.
        out_dir: Where the PNG images go, in the same layout.
        nproc: Number of processes.

    Returns:
        The segments of each image.

    Raises:
        FileNotFoundError: The folder is missing or has no label files.
        OSError: Nothing can be written where the new files go.
        ValueError: Files that cannot be converted, each with its reason.
    """
    originals = find_files(label_dir, scheme.suffix, exclude=TRAIN_ID_SUFFIX)
    require_writable(out_dir)
    names = [
        file.relative_to(label_dir)
        .as_posix()
        .removesuffix(scheme.tag + scheme.suffix)
        for file in originals
    ]
    images = pair_images(names, image_dir, scheme.image_suffix)
    jobs = []
    for original, name, image in zip(originals, names, images, strict=True):
        if image is not None:
            # its number may have zeros that the label's has not
            name = image.relative_to(image_dir).as_posix()
            name = name.removesuffix(scheme.image_suffix)
        png = f'{name}{scheme.tag}{PANOPTIC_SUFFIX}'
        annotation = Annotation(
            Path(name).name, name + scheme.image_suffix, png, (0, 0), []
        )
        jobs.append(Job(original, out_dir / png, image, annotation))
    return map_files(
        partial(convert_file, read=scheme.read),
        jobs,
        nproc,
        f'find segments in {label_dir}',
    )


def convert_file(job: Job, read: Callable[[Path], np.ndarray]) -> Annotation:
    """Write the segments of one label file, unless they are there.

    A file from an interrupted run, which cannot be decoded, is made anew.
    Any other file is left as it is, and must be what the original becomes.

    Args:
        job: The files.
        read: See :class:`SegmentScheme`.

    Returns:
        The segments.

    Raises:
        OSError: The original is missing or cannot be decoded.
        ValueError: The original has unknown ids or another size than its
            image, the file to write exists with other segments, or an EXIF
            tag turns the image.
    """
    ids = read(job.original)
    height, width = ids.shape
    if job.image is not None:
        _check_image(job.image, job.original, (width, height))
    if not _is_there(job.png, ids):
        write_ids(job.png, ids)
    segments = describe(ids)
    return job.annotation._replace(size=(width, height), segments=segments)


def _check_image(image: Path, label: Path, size: tuple[int, int]) -> None:
    check_not_turned(image)
    found = stored_size(image)
    if found != size:
        raise UserValueError(
            f'{label}: {size[0]} x {size[1]} pixels, expected '
            f'{found[0]} x {found[1]} as in {image}'
        )


def _is_there(png: Path, ids: np.ndarray) -> bool:
    try:
        found = read_ids(png)
    except OSError:
        return False
    if np.array_equal(found, ids):
        return True
    raise UserValueError(
        f'{png} holds other segments than its original: delete it to have '
        'it converted anew'
    )
