"""Where the files of toy streets lie: as GTA, Cityscapes and SYNTHIA."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .settings import ToyStreets

SOURCE_FOLDER, TARGET_FOLDER = 'toy_gta', 'toy_cityscapes'
SECOND_FOLDER = 'toy_synthia'
SPLITS = ('train', 'val')


class Source(NamedTuple):
    """A labelled domain: how many images, and where they go.

    ``images``, ``labels`` and ``panoptic`` are folders below ``folder``;
    names of images are numbers of so many ``digits``.
    """

    domain: str
    folder: str
    number: int
    digits: int
    images: str
    labels: str
    panoptic: str


def sources(settings: ToyStreets) -> list[Source]:
    """The labelled domains that are drawn."""
    sources = [
        Source(
            'source', SOURCE_FOLDER, settings.num_source, 5,
            'images', 'labels', 'panoptic',
        ),
        Source(
            'second', SECOND_FOLDER, settings.num_second, 7,
            'RGB', 'GT/LABELS', 'GT/panoptic',
        ),
    ]  # fmt: skip
    return [source for source in sources if source.number]


class Files(NamedTuple):
    """Files of one kind: their folder, and a name below it."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name


@dataclass(frozen=True)
class Job:
    """An image to draw, and its files.

    Args:
        domain: Name of the domain.
        split: ``train`` or ``val``.
        index: From 0.
        image: The image.
        label: Its classes.
        segments: Its segments.
        segment_list: The JSON file that lists those of its split.
    """

    domain: str
    split: str
    index: int
    image: Files
    label: Files
    segments: Files
    segment_list: Path

    @property
    def part(self) -> str:
        """The domain and its split, for people."""
        return f'{self.domain} {self.split}'


def jobs_of(folder: Path, settings: ToyStreets) -> Iterator[Job]:
    """All images of all domains.

    Args:
        folder: Parent folder of the domains.
        settings: How many there are.
    """
    for source in sources(settings):
        root = folder / source.folder
        for i in range(source.number):
            name = f'{i + 1:0{source.digits}d}'
            yield Job(
                source.domain, 'train', i,
                Files(root / source.images, f'{name}.png'),
                Files(root / source.labels, f'{name}_labelTrainIds.png'),
                Files(root / source.panoptic, f'{name}_panoptic.png'),
                root / f'{source.panoptic}.json',
            )  # fmt: skip
    root = folder / TARGET_FOLDER
    for split, number in zip(
        SPLITS, (settings.num_target, settings.num_val), strict=True
    ):
        name_of_list = f'cityscapes_panoptic_{split}_trainId.json'
        for i in range(number):
            name = f'toy/toy_{i:06d}_000019'
            label = f'{name}_gtFine_labelTrainIds.png'
            segments = f'{name}_gtFine_panoptic.png'
            yield Job(
                'target', split, i,
                Files(root / 'leftImg8bit' / split, f'{name}_leftImg8bit.png'),
                Files(root / 'gtFine' / split, label),
                Files(root / 'gtFine_panoptic' / split, segments),
                root / 'gtFine_panoptic' / name_of_list,
            )  # fmt: skip
