"""Translates the source images of a training, file by file."""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config

from ...datasets.domains.domain import Domain
from ...datasets.seeding import seed_cpu_generators
from ...errors import UserRuntimeError, UserValueError
from ...files.mapping import map_files
from ...files.writing import write_atomically
from ...inference.translators.translator import Translator
from .record import claim_folder
from .source_images import (
    Translation,
    build_domains,
    fingerprint,
    named_images,
    translations,
)

# as little as JPEG can lose; other formats lose nothing by default
ENCODING = {
    '.jpg': (
        cv2.IMWRITE_JPEG_QUALITY,
        100,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ),
    '.webp': (cv2.IMWRITE_WEBP_QUALITY, 101),
}
ENCODING['.jpeg'] = ENCODING['.jpg']


@dataclass(frozen=True)
class Summary:
    """What became of the images.

    Args:
        translated: How many were translated.
        kept: How many were there already.
    """

    translated: int
    kept: int


def translate_source(
    cfg: Config,
    out: Path,
    translator: Translator,
    source: str | None = None,
    seed: int = 0,
    nproc: int = 1,
) -> Summary:
    """Write a translated copy of the source images of a training.

    They have the names and sizes of the images, so that ``translated_root``
    of the source reads them. What is there already stays as it is; each file
    is whole or not there, and the same in whichever order they are made.

    Args:
        cfg: Config of the training.
        out: Folder of the copy.
        translator: What translates.
        source: Which of several sources: its number from 0, or its name.
        seed: Seed of what is drawn: target images, and what the translator
            draws itself.
        nproc: Number of processes, where the translator runs in several.

    Returns:
        How many were translated, and how many were there.

    Raises:
        FileExistsError, NotADirectoryError, ValueError: The folder is that
            of something else; see ``claim_folder``.
        ValueError: The config has no such source, or files failed; names
            them.
    """
    if seed < 0:
        raise UserValueError(f'--seed is {seed}, expected one of at least 0')
    domains = build_domains(cfg, source)
    images = translations(domains, translator.needs_target_image, seed)
    _check_suffixes(images)
    claim_folder(
        out,
        _settings(translator, domains, images, seed),
        dict(
            config=str(cfg.filename),
            folders={key: _folders(domain) for key, domain in domains.items()},
        ),
    )
    left = [image for image in images if not (out / image.name).exists()]
    map_files(
        partial(translate_image, translator=translator, out=out),
        left,
        nproc if translator.runs_in_processes else 1,
        'translate',
    )
    return Summary(len(left), len(images) - len(left))


def translate_image(
    image: Translation, translator: Translator, out: Path
) -> None:
    """Translate one image, and write it.

    Args:
        image: The image.
        translator: What translates.
        out: Folder of the translated images.

    Raises:
        OSError: A file cannot be read or written.
        RuntimeError: The translator gave something else than an image of the
            same size.
    """
    source = image.image.read()
    target = image.target.read() if image.target else None
    if translator.runs_in_processes:
        # the processes fill the cores, and any number of them gives the same
        torch.set_num_threads(1)
    seed_cpu_generators(image.seed)
    torch.manual_seed(image.seed)  # of the accelerators, too
    translated = translator(source, target)
    if translated.dtype != np.uint8 or translated.shape != source.shape:
        raise UserRuntimeError(
            f'{type(translator).__name__} made {translated.dtype} '
            f'{translated.shape} of {image.image.path}, expected uint8 '
            f'{source.shape}'
        )
    suffix = Path(image.name).suffix
    options = ENCODING.get(suffix.lower(), ())
    _, encoded = cv2.imencode(suffix, translated, options)
    write_atomically(out / image.name, encoded.tobytes())


def _settings(
    translator: Translator,
    domains: dict[str, Domain],
    images: list[Translation],
    seed: int,
) -> dict[str, Any]:
    """All that the translated images follow from."""
    settings = dict(
        translator=translator.settings(),
        seed=seed,
        source=fingerprint((image.name, image.image) for image in images),
    )
    if translator.needs_target_image:
        settings['target'] = fingerprint(named_images(domains['target']))
    return settings


def _folders(domain: Domain) -> list[str]:
    """Where the images of a domain lie."""
    return [
        os.path.abspath(part.dataset.data_prefix.get('img_path') or '.')
        for part in domain.parts
    ]


def _check_suffixes(images: list[Translation]) -> None:
    """Refuse images that cannot be written under their own names."""
    for suffix in {Path(image.name).suffix for image in images}:
        if not cv2.haveImageWriter(f'image{suffix}'):
            raise UserValueError(
                f'the source has images with suffix {suffix!r}, which OpenCV '
                'does not write: convert them to .png first'
            )
