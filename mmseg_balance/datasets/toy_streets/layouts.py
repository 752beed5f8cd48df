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

    ``image`` and ``label`` are paths below ``folder`` with a place for the
    number of the image.
    """

    domain: str
    folder: str
    number: int
    image: str
    label: str


def sources(settings: ToyStreets) -> list[Source]:
    """The labelled domains that are drawn."""
    sources = [
        Source(
            'source', SOURCE_FOLDER, settings.num_source,
            'images/{:05d}.png', 'labels/{:05d}_labelTrainIds.png',
        ),
        Source(
            'second', SECOND_FOLDER, settings.num_second,
            'RGB/{:07d}.png', 'GT/LABELS/{:07d}_labelTrainIds.png',
        ),
    ]  # fmt: skip
    return [source for source in sources if source.number]


@dataclass(frozen=True)
class Job:
    """An image to draw, with its label, and the files of both."""

    domain: str
    split: str
    index: int
    image: Path
    label: Path

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
            image, label = (
                root / layout.format(i + 1)
                for layout in (source.image, source.label)
            )
            yield Job(source.domain, 'train', i, image, label)
    root = folder / TARGET_FOLDER
    for split, number in zip(
        SPLITS, (settings.num_target, settings.num_val), strict=True
    ):
        for i in range(number):
            name = f'{split}/toy/toy_{i:06d}_000019'
            yield Job(
                'target', split, i,
                root / f'leftImg8bit/{name}_leftImg8bit.png',
                root / f'gtFine/{name}_gtFine_labelTrainIds.png',
            )  # fmt: skip
