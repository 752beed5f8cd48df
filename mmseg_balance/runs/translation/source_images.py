"""Which images are translated, what they are called, and by which target."""

import copy
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

from ...datasets.checks import leaf_configs
from ...datasets.domains.domain import Domain
from ...datasets.loading.plain_image import PlainImage
from ...datasets.pairs.named_source import named_source
from ...datasets.seeding import hash_seed
from ...errors import UserValueError

DATASET = 'train_dataloader.dataset'
# what a UDADataset says of how samples are drawn
OF_DRAWING = (
    'rare_class_sampling',
    'source_weights',
    'progressive',
    'source_names',
    'on_bad_image',
)


@dataclass(frozen=True)
class Translation:
    """An image that is to be translated.

    Args:
        name: Its name in the folder of the source images, and in that of
            the translated ones.
        image: The image.
        target: The target image that it is given, or None.
        seed: Of all that the translator draws for it.
    """

    name: str
    image: PlainImage
    target: PlainImage | None
    seed: int


def build_domains(cfg: Config, source: str | None = None) -> dict[str, Domain]:
    """The source to translate and the target, as a training would have them.

    Args:
        cfg: Config of the training.
        source: Which of several sources: its number from 0, or its name.

    Returns:
        'source' and, where there is one, 'target'; of a few-shot target
        those images alone that are used.

    Raises:
        ValueError: The config has no source, or several and none was named.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    if 'source' not in data:
        raise UserValueError(
            f'{DATASET} of the config has no source: name the config of a '
            'training with a source and a target (UDADataset)'
        )
    data = copy.deepcopy(dict(data))
    data['source'] = _chosen(data, source)
    for _, leaf in leaf_configs(data['source'], 'source'):
        # of the images themselves, not of what was made of them before
        leaf.pop('translated_root', None)
    for key in OF_DRAWING:
        data.pop(key, None)
    return DATASETS.build(data).domains


def translations(
    domains: dict[str, Domain], with_target: bool, seed: int
) -> list[Translation]:
    """All images of a source, each with the target image that it is given.

    What is drawn for an image follows from the seed and its name.

    Args:
        domains: Of :func:`build_domains`.
        with_target: Whether target images are needed.
        seed: Seed of the translation.

    Returns:
        Them, in the order of the data set, each image once.

    Raises:
        ValueError: There is no target, images lie outside of the folder of
            their data set, or two have one name.
    """
    targets = []
    if with_target:
        if 'target' not in domains:
            raise UserValueError(
                'the translator gives images the look of a target image, and '
                f'{DATASET} of the config has no target'
            )
        # by name, however they are listed
        target = sorted(named_images(domains['target']), key=itemgetter(0))
        targets = [image for _, image in target]
    named: dict[str, PlainImage] = {}
    for name, image in named_images(domains['source']):
        if name.startswith(os.pardir):
            raise UserValueError(
                f'{image.path} lies outside of data_prefix.img_path of its '
                f'data set ({image.key}), and has no name below it'
            )
        if named.setdefault(name, image).path != image.path:
            raise UserValueError(
                f'{named[name].path} and {image.path} are both called {name} '
                'in their folders, and one would replace the other: give '
                'each data set an entry of its own (source=[...]) and '
                'translate them one by one'
            )
    return [
        Translation(
            name,
            image,
            _drawn(targets, seed, name) if with_target else None,
            hash_seed('translation', seed, zlib.crc32(name.encode())),
        )
        for name, image in named.items()
    ]


def named_images(domain: Domain) -> Iterator[tuple[str, PlainImage]]:
    """Images of a domain with their names.

    Args:
        domain: The domain.

    Yields:
        Name in the folder of its data set, as a posix path, and the image.
    """
    for part in domain.parts:
        folder = part.dataset.data_prefix.get('img_path') or '.'
        for i in range(len(part)):
            image = PlainImage.of(part, i)
            name = os.path.relpath(image.path, folder)
            yield name.replace(os.sep, '/'), image


def fingerprint(images: Iterable[tuple[str, PlainImage]]) -> dict[str, Any]:
    """What tells sets of images apart: their names and sizes in bytes.

    Args:
        images: Name and image of each.

    Returns:
        Their number, and a SHA-256.
    """
    lines = [
        f'{name} {os.path.getsize(image.path)}\n' for name, image in images
    ]
    digest = hashlib.sha256(''.join(sorted(lines)).encode())
    return dict(images=len(lines), sha256=digest.hexdigest())


def _chosen(data: dict, wanted: str | None) -> Any:
    """The source that is meant."""
    sources = data['source']
    if not isinstance(sources, list | tuple):
        sources = [sources]
    if wanted is None and len(sources) == 1:
        return sources[0]
    place = named_source(data | dict(source=sources), wanted)
    if place is not None:
        return sources[place]
    names = data.get('source_names')
    known = ', '.join(
        f'{i} ({names[i]})' if names else str(i) for i in range(len(sources))
    )
    found = 'no --source' if wanted is None else f'--source {wanted}'
    raise UserValueError(
        f'{found} was given, and the numbers of the sources of {DATASET} '
        f'are {known}: name one of them'
    )


def _drawn(targets: list[PlainImage], seed: int, name: str) -> PlainImage:
    stream = hash_seed('target image', seed, zlib.crc32(name.encode()))
    return targets[np.random.default_rng(stream).integers(len(targets))]
