"""Published weights of a transformer, in the layouts that timm reads."""

import sys
from typing import Any

from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from ....errors import UserValueError, with_message
from ....files.weights import read_weights
from ....state_dicts import differences, shown
from .lora import DOWN, UP


def load_vit_weights(
    vit: nn.Module, checkpoint: str, prefix: str | None = None
) -> None:
    """Load the weights of a transformer, all of them.

    timm's own filter reads the layouts: its own, with or without
    safetensors, and those of the public repositories of DINOv2 and DINOv3
    among others. It resamples patch and position embeddings where
    ``patch_size`` or ``img_size`` is another one. What the network has no
    use for (a classifier, a mask token, blocks that are not read) is left
    out, and said in a line.

    Args:
        vit: A ``VisionTransformer`` or an ``Eva`` of timm, perhaps with
            LoRA, whose weights stay.
        checkpoint: File, or an address that mmengine can load.
        prefix: Prefix of the transformer in the file, 'backbone.vit.' in
            one of a segmentor.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A weight is missing or of another shape; names the first
            three.
    """
    weights = _state_dict(_read(checkpoint), checkpoint, prefix or '')
    first = next(iter(weights), None)
    plain = {
        key: value
        for key, value in vit.state_dict().items()
        if not key.endswith((f'.{DOWN}', f'.{UP}'))
    }
    found = _timm_layout(vit, weights)
    wrong = differences(plain, found)
    if wrong:
        raise UserValueError(
            f'{checkpoint} of init_cfg does not fit the backbone '
            f'({type(vit).__name__} of timm): {shown(wrong)}; the file has '
            f'{len(weights)} keys such as {first!r}. Give the file of '
            "model_name, and init_cfg.prefix='backbone.vit.' where it is of "
            'a whole segmentor'
        )
    vit.load_state_dict({key: found[key] for key in plain}, strict=False)
    unused = [repr(key) for key in found if key not in plain]
    if unused:
        print_log(f'{checkpoint}: no use for {shown(unused)}', 'current')


def _read(checkpoint: str) -> Any:
    if '://' in checkpoint:
        return CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    try:
        return read_weights(checkpoint)
    except (FileNotFoundError, ValueError) as error:
        raise with_message(error, f'init_cfg: {error}') from error


def _state_dict(content: Any, name: str, prefix: str) -> dict[str, Tensor]:
    for key in ('state_dict', 'model'):
        if isinstance(content, dict):
            content = content.get(key, content)
    if not isinstance(content, dict):
        raise UserValueError(
            f'{name} of init_cfg holds a {type(content).__name__}, expected '
            'the state dict of a transformer'
        )
    if prefix and not prefix.endswith('.'):
        prefix += '.'
    return {
        key.removeprefix(prefix): value
        for key, value in content.items()
        if key.startswith(prefix)
    }


def _timm_layout(
    vit: nn.Module, weights: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Weights under timm's names, at the sizes of the network."""
    if 'patch_embed.proj.weight' not in weights:
        return weights  # of another network, of which timm's errors say less
    modules = (sys.modules[kind.__module__] for kind in type(vit).__mro__)
    own = next(m for m in modules if hasattr(m, 'checkpoint_filter_fn'))
    return own.checkpoint_filter_fn(dict(weights), vit)
