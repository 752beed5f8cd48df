"""How often each class occurs in the source of a training."""

from collections.abc import Sequence

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ..errors import UserValueError
from .domain_data import build_domains


def read_source_shares(
    cfg: Config, classes: Sequence[str], stats_dir: str | None = None
) -> np.ndarray:
    """Share of each class in the labelled pixels of the source.

    Args:
        cfg: Config of the training.
        classes: Names of the C classes that are expected.
        stats_dir: Folder of class statistics. Default: the config's, or the
            data set's own folder.

    Returns:
        Shares (C,), which sum to 1.

    Raises:
        FileNotFoundError: There are no statistics; names the command that
            makes them.
        ValueError: They are of other classes or files, or count no pixel; or
            sources take turns, and there is no one share.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    source = build_domains(cfg)['source']
    found = list(source.parts[0].dataset.metainfo['classes'])
    if found != list(classes):
        raise UserValueError(
            f'the source of {cfg.filename} has the classes '
            f'{", ".join(found)}, expected {", ".join(classes)}'
        )
    pixels = source.class_pixels('--stats-dir', stats_dir)
    weights = source.sample_weights()
    pixels = pixels.sum(0) if weights is None else weights @ pixels
    if not pixels.sum():
        raise UserValueError('the class statistics of the source are all 0')
    return pixels / pixels.sum()
