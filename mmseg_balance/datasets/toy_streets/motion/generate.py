"""Moving toy streets on disk, in the layouts of VIPER and Cityscapes-Seq."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ....files.mapping import map_files
from ....optical_flow.files.read_write import write_flow
from ...class_statistics.files import count_label_files, write_class_stats
from ...files.generator_notes import refuse_other_settings, write_note
from ...files.label_images import write_png
from ..render import CLASSES
from .draw import draw_sequence
from .settings import ToySequences

SOURCE_FOLDER, TARGET_FOLDER = 'toy_viper', 'toy_cityscapes_seq'
SETTINGS_FILE = 'toy_sequences.json'
VERSION = 1
"""Raised whenever the same seed gives other images."""


@dataclass(frozen=True)
class Job:
    """A sequence to draw.

    Args:
        domain: Name of the domain.
        split: ``train`` or ``val``.
        index: From 0.
        image, label, flow: Files of its frames, with the number of the
            frame to be put in.
    """

    domain: str
    split: str
    index: int
    image: str
    label: str
    flow: str

    def files(self, number: int) -> tuple[Path, ...]:
        """Files of a frame: image, label and, but for the first, flow."""
        kinds = (self.image, self.label, self.flow)[: 3 if number else 2]
        return tuple(Path(kind.format(frame=number)) for kind in kinds)


def generate_toy_sequences(
    folder: str | Path, settings: ToySequences, nproc: int = 1
) -> dict[str, np.ndarray]:
    """Write both domains; sequences that are there already are kept.

    Args:
        folder: Gets ``toy_viper`` with its class statistics and
            ``toy_cityscapes_seq``, each with the labels of all frames and
            ``flow``, KITTI's PNG: exact, and valid where a pixel is seen in
            the frame before.
        settings: What to generate.
        nproc: Number of processes.

    Returns:
        Pixels of each class in each label file, int64 (F, 19), by the names
        ``source train``, ``target train`` and ``target val``.

    Raises:
        ValueError: A folder holds something that was not generated with
            these settings.
    """
    folder = Path(folder)
    noted = dict(version=VERSION, **asdict(settings))
    roots = [folder / name for name in (SOURCE_FOLDER, TARGET_FOLDER)]
    for root in roots:
        refuse_other_settings(root / SETTINGS_FILE, noted, 'toy streets')
    for root in roots:
        write_note(root / SETTINGS_FILE, noted)
    jobs = list(jobs_of(folder, settings))
    draw = partial(_write_sequence, settings=settings)
    map_files(draw, jobs, nproc, 'draw moving toy streets')
    counts = {}
    for part in dict.fromkeys((job.domain, job.split) for job in jobs):
        labels = [
            job.files(number)[1]
            for job in jobs
            if (job.domain, job.split) == part
            for number in range(settings.frames)
        ]
        counts[' '.join(part)] = count_label_files(
            labels, len(CLASSES), nproc=nproc
        )
        if part[0] == 'source':
            names = [p.relative_to(roots[0]).as_posix() for p in labels]
            write_class_stats(roots[0], names, counts[' '.join(part)])
    return counts


def jobs_of(folder: Path, settings: ToySequences) -> Iterator[Job]:
    """All sequences of both domains.

    Args:
        folder: Parent folder of the domains.
        settings: How many there are.
    """
    root = (folder / SOURCE_FOLDER / 'train').as_posix()
    for i in range(settings.num_source):
        name = f'{i:03d}/{i:03d}_' + '{frame:05d}'
        yield Job(
            'source', 'train', i,
            f'{root}/img/{name}.png',
            f'{root}/cls/{name}_labelTrainIds.png',
            f'{root}/flow/{name}.png',
        )  # fmt: skip
    root = (folder / TARGET_FOLDER).as_posix()
    for split, number in (
        ('train', settings.num_target),
        ('val', settings.num_val),
    ):
        for i in range(number):
            name = f'{split}/toy/toy_{i:06d}_' + '{frame:06d}'
            yield Job(
                'target', split, i,
                f'{root}/leftImg8bit_sequence/{name}_leftImg8bit.png',
                f'{root}/gtFine/{name}_gtFine_labelTrainIds.png',
                f'{root}/flow/{name}.png',
            )  # fmt: skip


def _write_sequence(job: Job, settings: ToySequences) -> None:
    """Write what is missing of a sequence."""
    numbers = range(settings.frames)
    if all(file.is_file() for n in numbers for file in job.files(n)):
        return
    moments = draw_sequence(job.domain, job.split, job.index, settings)
    for number, (frame, flow) in enumerate(moments):
        image, label, *flows = job.files(number)
        if flow is not None:
            write_flow(flows[0], flow.flow, flow.visible)
        write_png(label, frame.label)
        write_png(image, frame.image)
