"""Toy streets on disk: drawn, resumed, and not mixed with others."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import UserRuntimeError, UserValueError
from ...files.mapping import map_files
from ...files.writing import write_atomically
from ..class_statistics.files import count_label_files, write_class_stats
from ..files.label_images import write_png
from .domains import DOMAINS
from .layouts import (
    SECOND_FOLDER,
    SOURCE_FOLDER,
    SPLITS,
    TARGET_FOLDER,
    Job,
    jobs_of,
    sources,
)
from .render import CLASSES, render
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
    required = {
        name for c, name in enumerate(CLASSES) if c % PERIOD == index % PERIOD
    } - DOMAINS[domain].absent
    key = [list(DOMAINS).index(domain), SPLITS.index(split), index]
    least = max(_SHARE * settings.height * settings.width, 2)
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([settings.seed, *key, attempt])
        scene = build_scene(
            settings.height, settings.width, DOMAINS[domain], required, rng
        )
        image, label = render(scene, DOMAINS[domain].look, rng)
        counts = np.bincount(label.ravel(), minlength=len(CLASSES))
        # an object may end up behind another one
        if all(counts[CLASSES.index(name)] >= least for name in required):
            return image, label
    raise UserRuntimeError(
        f'{domain} {split} image {index}: no scene of {settings.height} x '
        f'{settings.width} pixels shows {sorted(required)}; choose another '
        'seed or size'
    )


def generate_toy_streets(
    folder: str | Path, settings: ToyStreets, nproc: int = 1
) -> dict[str, np.ndarray]:
    """Write all domains; images that are there already are kept.

    ``folder/toy_gta`` gets the source domain with its class statistics,
    ``folder/toy_cityscapes`` the target domain, train and val, and
    ``folder/toy_synthia`` the second source domain with its statistics.

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
        _refuse_other(folder / name, noted)
    for name, noted in notes.items():
        text = json.dumps(noted, indent=2)
        write_atomically(folder / name / SETTINGS_FILE, text.encode())
    jobs = list(jobs_of(folder, settings))
    draw = partial(_write_street, settings=settings)
    map_files(draw, jobs, nproc, 'draw toy streets')
    counts = {}
    for part in dict.fromkeys(job.part for job in jobs):
        labels = [job.label for job in jobs if job.part == part]
        counts[part] = count_label_files(labels, len(CLASSES), nproc=nproc)
    for source in sources(settings):
        root = folder / source.folder
        names = [
            job.label.relative_to(root).as_posix()
            for job in jobs
            if job.domain == source.domain
        ]
        write_class_stats(root, names, counts[f'{source.domain} train'])
    return counts


def _write_street(job: Job, settings: ToyStreets) -> None:
    if job.image.exists() and job.label.exists():
        return
    image, label = draw_street(job.domain, job.split, job.index, settings)
    write_png(job.label, label)
    write_png(job.image, image)


def _notes(settings: ToyStreets) -> dict[str, dict[str, int]]:
    """What the folder of each domain notes: all that its files are of."""
    noted = dict(version=VERSION, **asdict(settings))
    num_second = noted.pop('num_second')
    notes = {SOURCE_FOLDER: noted, TARGET_FOLDER: noted}
    if num_second:
        own = {k: noted[k] for k in ('version', 'height', 'width', 'seed')}
        notes[SECOND_FOLDER] = dict(own, num_second=num_second)
    return notes


def _refuse_other(root: Path, noted: dict[str, int]) -> None:
    """Refuse a folder that was not generated with the same settings."""
    path = root / SETTINGS_FILE
    if not path.is_file():
        if root.is_dir() and any(root.iterdir()):
            raise UserValueError(
                f'{root} holds files but no {SETTINGS_FILE}, so they are not '
                'toy streets: choose another folder'
            )
        return
    try:
        found = dict(json.loads(path.read_text()))
    except (TypeError, ValueError) as error:
        raise UserValueError(f'{path} cannot be read: {error}') from error
    other = [
        f'{key} {found.get(key)} (now {value})'
        for key, value in noted.items()
        if found.get(key) != value
    ]
    if other:
        raise UserValueError(
            f'{root} was generated with {", ".join(other)}: choose another '
            'folder or delete this one'
        )
