"""From a data set's original labels to train ids and class statistics."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserFileNotFoundError
from ...files.mapping import map_files
from ...files.walking import find_files
from ...files.writing import require_writable
from ..class_statistics.files import count_classes
from ..files.image_pairs import (
    check_not_turned,
    pair_images,
    plain_colours,
    stored_size,
)
from ..files.label_images import write_png
from .converted_labels import (
    NUM_CLASSES,
    Job,
    other_pixels,
    read_converted,
    train_ids,
)
from .label_fit import Size, describe_fit, fit_label
from .label_scheme import IGNORE, LabelScheme
from .notes import merge_notes

TRAIN_ID_SUFFIX = '_labelTrainIds.png'


@dataclass(frozen=True)
class Conversion:
    """What became of the label files of a folder.

    Args:
        files: The F new files, posix paths relative to where they were
            written.
        counts: Pixels of each train id in each, int64 (F, 19).
        notes: What is odd about them (``conversion_notes``).
    """

    files: list[str]
    counts: np.ndarray
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def convert_folder(
    scheme: LabelScheme,
    data_root: str | Path,
    label_dir: str,
    image_dir: str,
    out_root: str | Path | None = None,
    nproc: int = 1,
) -> Conversion:
    """Convert all label files below a folder; finished files are kept.

    Args:
        scheme: How to read and map them.
        data_root: Folder of the data set.
        label_dir: Folder of the original labels, relative to ``data_root``.
        image_dir: Folder of their images, in the same layout; may be
            missing.
        out_root: Where the new label files go, in the same layout; None
            puts them beside the originals.
        nproc: Number of processes.

    Returns:
        The new files, their pixels, and what is odd about them. A label
        whose name is a number is named as its image, with its zeros.

    Raises:
        FileNotFoundError: The folder is missing or has no label files.
        OSError: Nothing can be written where the new files go.
        ValueError: Files that cannot be converted, each with its reason.
    """
    data_root = Path(data_root)
    out_root = data_root if out_root is None else Path(out_root)
    originals = _originals(scheme, data_root / label_dir)
    require_writable(out_root / label_dir)
    folder = data_root / label_dir
    stems = [
        file.relative_to(folder).as_posix()[: -len(scheme.suffix)]
        for file in originals
    ]
    images = pair_images(
        [stem.removesuffix(scheme.tag) for stem in stems],
        data_root / image_dir,
        scheme.image_suffix,
    )
    jobs = [
        _job(original, Path(label_dir, stem), image, scheme, out_root)
        for original, stem, image in zip(originals, stems, images, strict=True)
    ]
    results = map_files(
        partial(convert_file, scheme=scheme),
        jobs,
        nproc,
        f'convert {label_dir}',
    )
    return Conversion(
        files=[job.name for job in jobs],
        counts=np.array([counts for counts, _ in results]),
        notes=merge_notes([notes for _, notes in results]),
    )


def convert_file(
    job: Job, scheme: LabelScheme
) -> tuple[np.ndarray, dict[str, list[dict[str, Any]]]]:
    """Write the train ids of one label file, unless they are there.

    A file from an interrupted run, which cannot be decoded, is made anew,
    and so is one that was written before labels were brought to the size of
    their image. Any other file is left as it is, and must be what the original
    becomes, but for the edges of objects.

    Args:
        job: The files.
        scheme: How to read and map the original.

    Returns:
        Pixels of each train id, int64 (19,), and what is odd, by kind.

    Raises:
        OSError: The original is missing or cannot be decoded.
        ValueError: The original has ids that the scheme does not know, the
            file to write exists with another size or other values, or an
            EXIF tag turns the image.
    """
    label_size = stored_size(job.original)
    notes, size = _look_at_image(job)
    wanted = size if size and scheme.fit_to_image else label_size
    if wanted != label_size:
        notes['other_size'] = dict(
            file=job.name,
            label_size=label_size,
            image_size=wanted,
            change=describe_fit(label_size, wanted),
        )
    label = read_converted(job, scheme, label_size, wanted)
    if label is None:
        label = fit_label(train_ids(job.original, scheme), wanted, IGNORE)
        write_png(job.converted, label)
    elif pixels := other_pixels(label, job, scheme, wanted):
        notes['other_tool'] = dict(file=job.name, pixels=pixels)
    counts = count_classes(label, NUM_CLASSES, IGNORE)
    if not counts.any():
        notes['no_class'] = dict(file=job.name)
    return counts, {kind: [entry] for kind, entry in notes.items()}


def _originals(scheme: LabelScheme, folder: Path) -> list[Path]:
    """The label files to convert."""
    files = find_files(folder, scheme.suffix, exclude=TRAIN_ID_SUFFIX)
    if scheme.wanted is None:
        return files
    originals = [file for file in files if scheme.wanted(file)]
    if not originals:
        raise UserFileNotFoundError(
            f'{folder}: none of {len(files)} label files is to be converted, '
            f'{files[0]} for one: see the options that choose among them'
        )
    return originals


def _job(
    original: Path,
    stem: Path,
    image: Path | None,
    scheme: LabelScheme,
    out_root: Path,
) -> Job:
    # training looks for the name of the image, with its zeros
    name = stem.name
    if image is not None:
        name = image.name[: -len(scheme.image_suffix)] + scheme.tag
    name = stem.with_name(name + TRAIN_ID_SUFFIX).as_posix()
    return Job(original, name, out_root / name, image)


def _look_at_image(job: Job) -> tuple[dict[str, dict[str, Any]], Size | None]:
    """What is odd about an image, by kind, and its size if it is known."""
    if job.image is None:
        return {'no_image': dict(file=job.name)}, None
    path = job.image.as_posix()
    try:
        size = stored_size(job.image)
        colours = plain_colours(job.image)
    except OSError as error:
        entry = dict(file=path, error=str(error).removeprefix(f'{path}: '))
        return {'unreadable_image': entry}, None
    check_not_turned(job.image)
    if colours:
        return {'plain_image': dict(file=path, colours=colours)}, size
    return {}, size
