"""BDDVid (Kareer et al.) from the clips of BDD100K and the images of BDD10K.

The layout is that of github.com/SimarKareer/UnifiedVideoDA, but that only
the annotated frame of ``*_orig_10k`` is written: the frames around it are
those of the clip, in ``train/images`` and ``val/images``.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ....errors import UserFileNotFoundError, UserOSError, UserValueError
from ....files.mapping import map_files
from ....files.walking import walk_folder
from ....files.writing import require_writable, write_atomically
from ...class_statistics.files import count_classes
from ...files.label_images import read_label, write_png
from ...files.named_images import read_names
from ...sets.video.bddvid import ANNOTATED
from ..converted_labels import NUM_CLASSES
from ..label_scheme import IGNORE
from .clip_frames import look_alike, read_frames

SPLITS = ('train', 'val')
LIST_NAME = 'valid_imgs_{split}.txt'
FRAMES = range(ANNOTATED - 4, ANNOTATED + 5)
CLIP_SUFFIXES = ('.mov', '.mp4', '.avi', '.mkv')
SHOWN = 3


@dataclass(frozen=True)
class Originals:
    """Where the originals lie.

    Args:
        clips: Folder of the clips, sub-folders included.
        images: Folder of BDD10K's images.
        labels: Folder of BDD10K's labels, masks of train ids.
        lists: Folder of the lists of images.
    """

    clips: Path
    images: Path
    labels: Path
    lists: Path


@dataclass(frozen=True)
class Job:
    """A clip to take frames from.

    Args:
        name: Its ID.
        split: 'train' or 'val'.
        clip: The file.
        image: BDD10K's image of it.
        label: Its label.
    """

    name: str
    split: str
    clip: Path
    image: Path
    label: Path


def convert_bddvid(
    originals: Originals, out: Path, turn: str = 'none', nproc: int = 1
) -> dict[str, list[str]]:
    """Write frames, annotated images and labels; finished clips are kept.

    Args:
        originals: Where the originals lie.
        out: Folder of the data set.
        turn: See :func:`clip_frames.read_frames`.
        nproc: Number of processes.

    Returns:
        Names of each split; under 'unlike' those whose frame 307 looks
        unlike the annotated image.

    Raises:
        FileNotFoundError: There is no list, clip, image or label.
        OSError, ValueError: Files that cannot be converted, each with its
            reason; or an image is in both lists.
    """
    jobs = _jobs(originals)
    require_writable(out)
    function = partial(_convert, out=out, turn=turn)
    alike = map_files(function, jobs, nproc, 'take frames from clips')
    names = {
        split: [job.name for job in jobs if job.split == split]
        for split in SPLITS
    }
    for split in SPLITS:
        lines = ''.join(f'{name}_{ANNOTATED}\n' for name in names[split])
        write_atomically(out / LIST_NAME.format(split=split), lines.encode())
    pairs = zip(jobs, alike, strict=True)
    return names | dict(unlike=[job.name for job, same in pairs if not same])


def _jobs(originals: Originals) -> list[Job]:
    clips = _by_stem(originals.clips, CLIP_SUFFIXES)
    images = _by_stem(originals.images, ('.jpg', '.png'))
    labels = _by_stem(originals.labels, ('.png',))
    jobs, missing = [], []
    for split, names in _listed(originals.lists).items():
        for name in names:
            found = [files.get(name) for files in (clips, images, labels)]
            if None in found:
                kinds = ('clip', 'image', 'label')
                lacks = [k for k, f in zip(kinds, found, strict=True) if not f]
                missing.append(f'{name} ({split}: no {", ".join(lacks)})')
            else:
                jobs.append(Job(name, split, *found))
    if missing:
        more = ', ...' if len(missing) > SHOWN else ''
        raise UserFileNotFoundError(
            f'{len(missing)} of {len(missing) + len(jobs)} listed images lack '
            f'files: {", ".join(missing[:SHOWN])}{more}; looked in '
            f'{originals.clips} (clips), {originals.images} (--images) and '
            f'{originals.labels} (--labels)'
        )
    return jobs


def _listed(folder: Path) -> dict[str, list[str]]:
    """Names of each split."""
    names = {}
    for split in SPLITS:
        lines = read_names(folder / LIST_NAME.format(split=split), '--lists')
        bare = [line.removesuffix(f'_{ANNOTATED}') for line in lines]
        names[split] = list(dict.fromkeys(bare))
    both = sorted(set(names['train']) & set(names['val']))
    if both:
        raise UserValueError(
            f'{folder}: {len(both)} images are in the lists of train and val, '
            f'{both[0]} for one, and would be validated where they were '
            'trained on: take them out of one list'
        )
    return names


def _by_stem(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise UserFileNotFoundError(f'{folder}: no such folder')
    return {
        Path(name).stem: Path(parent, name)
        for parent, names in walk_folder(folder)
        for name in sorted(names)
        if name.endswith(tuple(suffixes)) and not name.startswith('.')
    }


def _convert(job: Job, out: Path, turn: str) -> bool:
    """Write the files of one clip.

    Returns:
        Whether its frame 307 looks like the annotated image.
    """
    annotated = f'{job.name}_{ANNOTATED}'
    _write_label(job, out, annotated)
    image = cv2.imread(str(job.image))
    if image is None:
        raise UserOSError(f'{job.image}: cannot be decoded')
    # as it is: encoding it anew would change it
    _write_once(
        out / f'{job.split}_orig_10k/images/{annotated}.jpg',
        lambda: (
            job.image.read_bytes()
            if job.image.suffix == '.jpg'
            else _jpeg(image)
        ),
    )
    folder = out / job.split / 'images'
    files = [folder / f'{job.name}_{number}.jpg' for number in FRAMES]
    if not all(file.is_file() for file in files):
        frames = read_frames(job.clip, FRAMES, turn)
        for file, frame in zip(files, frames, strict=True):
            write_atomically(file, _jpeg(frame))
    frame = cv2.imread(str(folder / f'{annotated}.jpg'))
    if frame is None:
        raise UserOSError(
            f'{folder / annotated}.jpg: cannot be decoded; delete it to have '
            'it taken anew'
        )
    return look_alike(frame, image)


def _write_label(job: Job, out: Path, annotated: str) -> None:
    label = read_label(job.label)
    try:
        count_classes(label, NUM_CLASSES, IGNORE)
    except ValueError as error:
        raise UserValueError(
            f"{job.label}: {error}; expected BDD10K's masks of train ids "
            '(labels/sem_seg/masks)'
        ) from None
    for part in (job.split, f'{job.split}_orig_10k'):
        path = out / part / 'labels' / f'{annotated}.png'
        if not path.is_file():
            write_png(path, label.astype(np.uint8))


def _write_once(path: Path, content: Callable[[], bytes]) -> None:
    if not path.is_file():
        write_atomically(path, content())


def _jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode('.jpg', image)[1].tobytes()


def describe(names: Mapping[str, Sequence[str]], out: Path) -> str:
    """What was written, for the terminal.

    Args:
        names: Of :func:`convert_bddvid`.
        out: Folder of the data set.
    """
    counts = [f'{len(names[split])} {split}' for split in SPLITS]
    lines = [f'{" and ".join(counts)} clips are in {os.fspath(out)}']
    unlike = names['unlike']
    if unlike:
        more = ', ...' if len(unlike) > SHOWN else ''
        lines.append(
            f'frame {ANNOTATED} of {len(unlike)} clips looks unlike the '
            f'annotated image ({", ".join(unlike[:SHOWN])}{more}): look at '
            'them; they may lie upside down, or their clips begin elsewhere. '
            'Frames that are there are kept: delete them before another '
            '--turn'
        )
    return '\n'.join(lines)
