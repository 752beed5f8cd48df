"""Toy streets on disk: drawn, resumed, and not mixed with others."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import UserRuntimeError, UserValueError
from ...files.mapping import map_files
from ..class_statistics.files import count_label_files, write_class_stats
from ..conversion.panoptic.annotation_files import write_ids
from ..files.generator_notes import refuse_other_settings, write_note
from ..files.label_images import read_label, write_png
from .domains import DOMAINS, Domain
from .label_shift import LabelShift, Recount
from .layouts import (
    SECOND_FOLDER,
    SOURCE_FOLDER,
    SPLITS,
    TARGET_FOLDER,
    Job,
    jobs_of,
    sources,
)
from .panoptic import segment_ids, write_segment_lists
from .render import CLASSES, Painting, render
from .settings import MIN_SIZE, PERIOD, ToyStreets  # noqa: F401
from .street import build_scene

SETTINGS_FILE = 'toy_streets.json'
VERSION = 2
"""Raised whenever the same seed gives other images."""

_SHARE = 3e-4
_ATTEMPTS = 50


def draw_street(
    domain: str, split: str, index: int, settings: ToyStreets
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one image.

    Args:
        domain: ``source``, ``target`` or ``second``.
        split: ``train`` or ``val``.
        index: From 0. Images in a row take turns in showing the classes, so
            that even the rarest is in every split.
        settings: Size and seed.

    Returns:
        RGB image, uint8 (H, W, 3), and Cityscapes train ids, uint8 (H, W).
    """
    painting = _draw(domain, split, index, settings)
    return painting.image, painting.label


def draw_panoptic_street(
    domain: str, split: str, index: int, settings: ToyStreets
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one image, and tell its things apart.

    Args:
        domain: See :func:`draw_street`.
        split: See there.
        index: See there.
        settings: See there.

    Returns:
        Image and train ids as there, and ids of segments, int32 (H, W):
        Cityscapes' id of stuff, and for things that id * 1000 + k with k
        from 0.
    """
    painting = _draw(domain, split, index, settings)
    return painting.image, painting.label, segment_ids(painting)


def _draw(
    domain: str, split: str, index: int, settings: ToyStreets
) -> Painting:
    required = {
        name for c, name in enumerate(CLASSES) if c % PERIOD == index % PERIOD
    } - DOMAINS[domain].absent
    place = [list(DOMAINS).index(domain), SPLITS.index(split), index]
    paint = partial(_paint, DOMAINS[domain], required, settings)
    what = f'{domain} {split} image {index}'
    for attempt in range(_ATTEMPTS):
        key = [settings.seed, *place, attempt]
        painting = paint(key)
        # an object may end up behind another one
        if _shows(painting, required):
            break
    else:
        raise UserRuntimeError(
            f'{what}: no scene of {settings.height} x {settings.width} '
            f'pixels shows {sorted(required)}; choose another seed or size'
        )
    if domain != 'target' or settings.label_shift == 1:
        return painting
    # the same scene with other numbers of things
    shift = LabelShift(settings.label_shift)
    left = shift.required(required, index // PERIOD)
    for again in range(_ATTEMPTS):
        rng = np.random.default_rng([*key, again])
        painting = paint(key, Recount(shift, left, rng))
        if _shows(painting, left):
            return painting
    raise UserRuntimeError(
        f'{what}: with a label shift of {settings.label_shift:g} it never '
        f'shows {sorted(left)}; choose one nearer to 1, or another seed'
    )


def _paint(
    domain: Domain,
    required: Collection[str],
    settings: ToyStreets,
    key: Sequence[int],
    recount: Recount | None = None,
) -> Painting:
    """Paint the street of a key, or that with other numbers of things."""
    rng = np.random.default_rng(key)
    scene = build_scene(
        settings.height, settings.width, domain, required, rng, recount=recount
    )
    return render(scene, domain.look, rng)


def _shows(painting: Painting, required: Collection[str]) -> bool:
    """Whether each class has enough pixels to be seen."""
    least = max(_SHARE * painting.label.size, 2)
    counts = np.bincount(painting.label.ravel(), minlength=len(CLASSES))
    return all(counts[CLASSES.index(name)] >= least for name in required)


def generate_toy_streets(
    folder: str | Path, settings: ToyStreets, nproc: int = 1
) -> dict[str, np.ndarray]:
    """Write all domains; images that are there already are kept.

    ``folder/toy_gta`` gets the source domain with its class statistics,
    ``folder/toy_cityscapes`` the target domain, train and val, and
    ``folder/toy_synthia`` the second source domain with its statistics. Each
    has its segments beside its labels; where they are missing in what an
    earlier version wrote, they are added.

    Args:
        folder: Parent folder of all.
        settings: What to generate.
        nproc: Number of processes.

    Returns:
        Pixels of each class in each label file, int64 (F, 19), by the names
        ``source train``, ``target train``, ``target val`` and, where it is
        made, ``second train``.

    Raises:
        ValueError: A folder holds something that was not generated with
            these settings.
    """
    folder = Path(folder)
    notes = _notes(settings)
    for name, noted in notes.items():
        # earlier versions did not shift, and noted nothing of it
        before = {'label_shift': 1.0} if 'label_shift' in noted else {}
        refuse_other_settings(
            folder / name / SETTINGS_FILE, noted, 'toy streets', before
        )
    for name, noted in notes.items():
        write_note(folder / name / SETTINGS_FILE, noted)
    jobs = list(jobs_of(folder, settings))
    draw = partial(_write_street, settings=settings)
    map_files(draw, jobs, nproc, 'draw toy streets')
    counts = {}
    for part in dict.fromkeys(job.part for job in jobs):
        of_part = [job for job in jobs if job.part == part]
        labels = [job.label.path for job in of_part]
        counts[part] = count_label_files(labels, len(CLASSES), nproc=nproc)
        write_segment_lists(of_part, nproc)
    for source in sources(settings):
        root = folder / source.folder
        names = [
            job.label.path.relative_to(root).as_posix()
            for job in jobs
            if job.domain == source.domain
        ]
        write_class_stats(root, names, counts[f'{source.domain} train'])
    return counts


def _write_street(job: Job, settings: ToyStreets) -> None:
    there = [
        file.path.exists() for file in (job.image, job.label, job.segments)
    ]
    if all(there):
        return
    has_image, has_label, has_segments = there
    painting = _draw(job.domain, job.split, job.index, settings)
    if has_label:
        _require_same(job.label.path, painting.label)
    if not has_segments:
        write_ids(job.segments.path, segment_ids(painting))
    if not has_label:
        write_png(job.label.path, painting.label)
    if not has_image:
        write_png(job.image.path, painting.image)


def _require_same(path: Path, label: np.ndarray) -> None:
    """Refuse labels to which nothing that is drawn today belongs."""
    if not np.array_equal(read_label(path), label):
        raise UserValueError(
            f'{path} is not what is drawn now, with other versions of NumPy '
            'and OpenCV perhaps: choose another folder or delete this one'
        )


def _notes(settings: ToyStreets) -> dict[str, dict[str, float]]:
    """What the folder of each domain notes: all that its files are of."""
    noted = dict(version=VERSION, **asdict(settings))
    num_second, shift = noted.pop('num_second'), noted.pop('label_shift')
    notes = {
        SOURCE_FOLDER: noted,
        TARGET_FOLDER: dict(noted, label_shift=float(shift)),
    }
    if num_second:
        own = {k: noted[k] for k in ('version', 'height', 'width', 'seed')}
        notes[SECOND_FOLDER] = dict(own, num_second=num_second)
    return notes
