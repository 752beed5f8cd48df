"""Weights of a MiT from a file of either layout."""

from typing import Any

from mmengine.runner import CheckpointLoader
from torch import nn

from ...errors import UserValueError, with_message
from ...files.weights import read_weights
from ...state_dicts import differences, shown
from .mit_keys import is_original_mit, mmseg_mit_keys


def load_mit_weights(
    backbone: nn.Module, checkpoint: str, prefix: str | None = None
) -> None:
    """Load the weights of a MiT, all of them.

    Takes the files of MMSegmentation 1.x and, in their own layout, those of
    https://github.com/NVlabs/SegFormer. The file may be a state dict, or hold
    one as 'state_dict' or 'model'. The ImageNet classifier is left out.

    Args:
        backbone: A ``MixVisionTransformer``.
        checkpoint: File, or an address that mmengine can load.
        prefix: Prefix of the backbone in the file, 'backbone.' in one of a
            whole segmentor.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A key is missing, unknown or of another shape; names the
            first three.
    """
    content = _read(checkpoint)
    for key in ('state_dict', 'model'):
        if isinstance(content, dict):
            content = content.get(key, content)
    if not isinstance(content, dict):
        raise UserValueError(
            f'{checkpoint} of init_cfg holds a {type(content).__name__}, '
            'expected the state dict of a MiT'
        )
    prefix = prefix or ''
    if prefix and not prefix.endswith('.'):
        prefix += '.'
    weights = {
        key.removeprefix(prefix): value
        for key, value in content.items()
        if key.startswith(prefix) and not key.startswith(f'{prefix}head.')
    }
    try:
        if is_original_mit(weights):
            weights = mmseg_mit_keys(weights)
    except ValueError as error:
        raise UserValueError(f'{checkpoint} of init_cfg: {error}') from None
    own = backbone.state_dict()
    wrong = differences(own, weights)
    wrong += [f'{key!r} is unknown' for key in weights if key not in own]
    if wrong:
        raise UserValueError(
            f'{checkpoint} of init_cfg does not fit the backbone: '
            f'{shown(wrong)}; the file has '
            f'{len(weights)} keys such as {next(iter(content), None)!r}. Give '
            'the file of this MiT (embed_dims, num_layers), and '
            "init_cfg.prefix='backbone.' where it is of a whole segmentor"
        )
    backbone.load_state_dict(weights)


def _read(checkpoint: str) -> Any:
    """What the file holds, on the CPU; only tensors and plain types."""
    if '://' in checkpoint:
        return CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    try:
        return read_weights(checkpoint)
    except (FileNotFoundError, ValueError) as error:
        raise with_message(error, f'init_cfg: {error}') from error
