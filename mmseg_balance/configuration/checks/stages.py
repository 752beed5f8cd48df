"""Whether what a training builds on is there."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from ...datasets.pairs.named_source import named_source
from ...errors import UserValueError

SOURCE = 'train_dataloader.dataset.source'


def check_stages(cfg: Config) -> None:
    """Refuse a training on translated images that none were made for.

    It would learn from the images as they are, without a word. That the
    labels of a ``first_stage`` are missing, the target's data set says.

    Args:
        cfg: Config of a training.

    Raises:
        ValueError: ``translation`` is set, and a source that it translates
            has no ``translated_root``.
    """
    value = cfg.get('translation')
    entries = value if isinstance(value, (list, tuple)) else [value]
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue  # which `reproduce` refuses
        for key, source in _translated(cfg, entry.get('source')):
            if source.get('translated_root'):
                continue
            raise UserValueError(
                f'translation is set ({dict(entry)}), and {key} has no '
                'translated_root, so that images would be learnt from as they '
                'are: mmseg-balance reproduce translates them first; by hand, '
                'mmseg-balance translate CONFIG --out FOLDER --translator ... '
                f'does, and --cfg-options {key}.translated_root=FOLDER names '
                'them. translation=None trains without'
            )


def _translated(cfg: Config, which: Any) -> list[tuple[str, Mapping]]:
    """The sources that are translated, with their keys."""
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    sources = data.get('source')
    if isinstance(sources, Mapping):
        return [(SOURCE, sources)]
    keyed = [
        (f'{SOURCE}.{i}', source)
        for i, source in enumerate(sources or ())
        if isinstance(source, Mapping)
    ]
    place = named_source(data, which) if keyed else None
    return keyed if place is None else keyed[place : place + 1]
