"""Toy streets on disk: GTA's layout as source, Cityscapes' as target."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import UserRuntimeError, UserValueError
from ...files.mapping import map_files
from ...files.writing import write_atomically
from ..class_statistics.files import count_label_files, write_class_stats
from ..files.label_images import write_png
from .domains import DOMAINS
from .render import CLASSES, render
from .street import build_scene

SOURCE_FOLDER, TARGET_FOLDER = 'toy_gta', 'toy_cityscapes'
SETTINGS_FILE = 'toy_streets.json'
VERSION = 2
"""Raised whenever the same seed gives other images."""

PERIOD = 4
"""Any so many consecutive images of a split show all classes."""
MIN_SIZE = 64
_SHARE = 3e-4
_ATTEMPTS = 50
_SPLITS = ('train', 'val')


@dataclass(frozen=True)
class ToyStreets:
    """Settings of the generator.

    Args:
        num_source: Labelled images of the source domain.
        num_target: Training images of the target domain.
        num_val: Validation images of the target domain.
        height: Rows of the images, at least 64.
        width: Columns of the images, at least 64.
        seed: Non-negative seed. An image depends on it, the size, the
            domain, the split and its index alone.

    Raises:
        ValueError: A number is out of range.
    """

    num_source: int = 160
    num_target: int = 100
    num_val: int = 40
    height: int = 256
    width: int = 512
    seed: int = 0

    def __post_init__(self) -> None:
        least = dict(
            num_source=PERIOD, num_target=1, num_val=PERIOD,
            height=MIN_SIZE, width=MIN_SIZE, seed=0,
        )  # fmt: skip
        for name, minimum in least.items():
            value = getattr(self, name)
            if value < minimum:
                raise UserValueError(
                    f'{name}: expected at least {minimum}, found {value}'
                )


def draw_street(
    domain: str, split: str, index: int, settings: ToyStreets
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one image.

    Args:
        domain: ``source`` or ``target``.
        split: ``train`` or ``val``.
        index: From 0. Images in a row take turns in showing the classes, so
            that even the rarest is in every split.
        settings: Size and seed.

    Returns:
        RGB image, uint8 (H, W, 3), and Cityscapes train ids, uint8 (H, W).
    """
    required = {
        name for c, name in enumerate(CLASSES) if c % PERIOD == index % PERIOD
    }
    key = [list(DOMAINS).index(domain), _SPLITS.index(split), index]
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
    """Write both domains; images that are there already are kept.

    ``folder/toy_gta`` gets the source domain with its class statistics,
    ``folder/toy_cityscapes`` the target domain, train and val.

    Args:
        folder: Parent folder of both.
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
    roots = [folder / name for name in (SOURCE_FOLDER, TARGET_FOLDER)]
    for root in roots:
        _refuse_other(root, settings)
    for root in roots:
        text = json.dumps(_noted(settings), indent=2)
        write_atomically(root / SETTINGS_FILE, text.encode())
    jobs = list(_jobs(folder, settings))
    draw = partial(_write_street, settings=settings)
    map_files(draw, jobs, nproc, 'draw toy streets')
    counts = {}
    for part in ('source train', 'target train', 'target val'):
        labels = [job.label for job in jobs if job.part == part]
        counts[part] = count_label_files(labels, len(CLASSES), nproc=nproc)
    root = folder / SOURCE_FOLDER
    names = [
        job.label.relative_to(root).as_posix()
        for job in jobs
        if job.domain == 'source'
    ]
    write_class_stats(root, names, counts['source train'])
    return counts


@dataclass(frozen=True)
class _Job:
    domain: str
    split: str
    index: int
    image: Path
    label: Path

    @property
    def part(self) -> str:
        return f'{self.domain} {self.split}'


def _jobs(folder: Path, settings: ToyStreets) -> Iterator[_Job]:
    root = folder / SOURCE_FOLDER
    for i in range(settings.num_source):
        yield _Job(
            'source', 'train', i,
            root / f'images/{i + 1:05d}.png',
            root / f'labels/{i + 1:05d}_labelTrainIds.png',
        )  # fmt: skip
    root = folder / TARGET_FOLDER
    for split, number in zip(
        _SPLITS, (settings.num_target, settings.num_val), strict=True
    ):
        for i in range(number):
            name = f'{split}/toy/toy_{i:06d}_000019'
            yield _Job(
                'target', split, i,
                root / f'leftImg8bit/{name}_leftImg8bit.png',
                root / f'gtFine/{name}_gtFine_labelTrainIds.png',
            )  # fmt: skip


def _write_street(job: _Job, settings: ToyStreets) -> None:
    if job.image.exists() and job.label.exists():
        return
    image, label = draw_street(job.domain, job.split, job.index, settings)
    write_png(job.label, label)
    write_png(job.image, image)


def _noted(settings: ToyStreets) -> dict[str, int]:
    return dict(version=VERSION, **asdict(settings))


def _refuse_other(root: Path, settings: ToyStreets) -> None:
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
        for key, value in _noted(settings).items()
        if found.get(key) != value
    ]
    if other:
        raise UserValueError(
            f'{root} was generated with {", ".join(other)}: choose another '
            'folder or delete this one'
        )
