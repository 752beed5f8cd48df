"""Weights that timm fetches while it builds a network."""

from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ...errors import (
    UserConnectionError,
    UserFileNotFoundError,
    UserValueError,
)
from ...files.config_walk import dicts_in, type_name
from ...files.weights import kept_at, read_weights

SECONDS = 5
# backbones whose networks timm builds, and whether they fetch by default
TIMM_BACKBONES = {'TIMMBackbone': True, 'TimmViTPyramid': False}
HUB = ('hf-hub', 'hf_hub')  # in front of a name that is looked up there


def check_timm_weights(key: str, part: dict) -> None:
    """Refuse a backbone of timm whose weights are neither here nor in reach.

    timm tries for most of a minute, and does not say how to name a file.
    Other backbones are passed over.

    Args:
        key: Key of the backbone in the config.
        part: Config of the backbone.

    Raises:
        ConnectionError: Names the key, the address, and how to give a file.
        FileNotFoundError, ValueError: The file that is given cannot be read.
    """
    kind = type_name(part)
    if kind not in TIMM_BACKBONES:
        return
    if part.get('checkpoint_path'):
        _check_file(f'{key}.checkpoint_path', part['checkpoint_path'])
    if not part.get('pretrained', TIMM_BACKBONES[kind]):
        return
    overlay = part.get('pretrained_cfg_overlay') or {}
    if overlay.get('file'):
        _check_file(f'{key}.pretrained_cfg_overlay.file', overlay['file'])
        return
    address = _address(part.get('model_name', ''))
    if address is None or _is_in_reach(address):
        return
    by_file = f'{key}.pretrained_cfg_overlay.file=/path/to/file'
    if kind == 'TimmViTPyramid':
        by_file = (
            f'{key}.pretrained=False {key}.init_cfg.type=Pretrained '
            f'{key}.init_cfg.checkpoint=/path/to/file'
        )
    raise UserConnectionError(
        f'{key}.pretrained is True, and {address} is neither kept on this '
        'machine nor in reach: download it elsewhere and give the file, '
        f'--cfg-options {by_file}, or set {key}.pretrained=False'
    )


def keep_from_fetching(model: Any) -> None:
    """Have timm build networks without weights, which a checkpoint holds.

    Args:
        model: Config of a model, changed in place.
    """
    for part in dicts_in(model):
        if type_name(part) in TIMM_BACKBONES:
            part['pretrained'] = False
            part.pop('checkpoint_path', None)


def _check_file(key: str, path: str) -> None:
    if not Path(path).is_file():
        raise UserFileNotFoundError(f'{key}: no file {path}')
    if not str(path).endswith('.safetensors'):
        try:
            read_weights(path)
        except ValueError as error:
            raise UserValueError(f'{key}: {error}') from error


def _address(name: str) -> str | None:
    """Where timm would fetch weights; None where it has or knows none."""
    try:
        import huggingface_hub
        from timm.models import get_pretrained_cfg
    except ImportError:
        return None  # building the network says what is missing
    scheme, _, repo = name.rpartition(':')
    files = ['model.safetensors', 'pytorch_model.bin']
    if scheme not in HUB:
        known = get_pretrained_cfg(name)
        if known is None or known.file or known.state_dict:
            return None
        if not known.hf_hub_id:
            kept = known.url and kept_at(known.url).is_file()
            return None if kept else known.url
        repo = known.hf_hub_id
        if known.hf_hub_filename:
            files = [known.hf_hub_filename]
    repo, _, revision = repo.partition('@')
    revision = revision or None
    for file in files:
        kept = huggingface_hub.try_to_load_from_cache(
            repo, file, revision=revision
        )
        if isinstance(kept, str):
            return None
    return huggingface_hub.hf_hub_url(repo, files[0], revision=revision)


def _is_in_reach(address: str) -> bool:
    """Whether something answers there, through proxies too."""
    try:
        with urlopen(Request(address, method='HEAD'), timeout=SECONDS):
            return True
    except HTTPError:
        return True
    except OSError:
        return False
