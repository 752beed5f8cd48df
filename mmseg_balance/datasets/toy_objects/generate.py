"""Toy objects on disk: drawn, resumed, and not mixed with others."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...files.mapping import map_files
from ...files.writing import write_atomically
from ..files.generator_notes import refuse_other_settings, write_note
from ..files.label_images import write_png
from .render import draw_object
from .settings import CLASSES, DOMAINS, ToyObjects

SETTINGS_FILE = 'toy_objects.json'
VERSION = 1
"""Raised whenever the same seed gives other images."""


class Job(NamedTuple):
    """An image to draw, and where it goes.

    Attributes:
        domain: ``train`` or ``validation``.
        name: The class.
        index: From 0.
        file: Relative to the folder of all.
    """

    domain: str
    name: str
    index: int
    file: str


def generate_toy_objects(
    folder: str | Path, settings: ToyObjects, nproc: int = 1
) -> dict[str, dict[str, int]]:
    """Write both domains; images that are there already are kept.

    They lie as VisDA-2017 does, ``folder/{train,validation}/<class>/*.png``
    with ``folder/image_list/{train,validation}.txt``.

    Args:
        folder: Folder of both.
        settings: What to generate.
        nproc: Number of processes.

    Returns:
        Number of images of each class in each domain.

    Raises:
        ValueError: The folder holds something that was not generated with
            these settings.
    """
    folder = Path(folder)
    noted = dict(version=VERSION, **asdict(settings))
    note = folder / SETTINGS_FILE
    refuse_other_settings(note, noted, 'toy objects')
    write_note(note, noted)
    for domain in DOMAINS:
        lines = ''.join(
            f'{job.file} {CLASSES.index(job.name)}\n'
            for job in _jobs(settings)
            if job.domain == domain
        )
        path = folder / 'image_list' / f'{domain}.txt'
        write_atomically(path, lines.encode())
    draw = partial(_write_object, folder=folder, settings=settings)
    map_files(draw, list(_jobs(settings)), nproc, 'draw toy objects')
    return {
        domain: {name: settings.count(domain, name) for name in CLASSES}
        for domain in DOMAINS
    }


def _jobs(settings: ToyObjects) -> Iterator[Job]:
    for domain in DOMAINS:
        for name in CLASSES:
            for i in range(settings.count(domain, name)):
                file = f'{domain}/{name}/{i + 1:05d}.png'
                yield Job(domain, name, i, file)


def _write_object(job: Job, folder: Path, settings: ToyObjects) -> None:
    path = folder / job.file
    if not path.exists():
        image = draw_object(job.domain, job.name, job.index, settings)
        write_png(path, image)
