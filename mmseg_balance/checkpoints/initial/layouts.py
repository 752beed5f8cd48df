"""How the keys of a checkpoint are laid out, and what to do about it."""

from collections.abc import Iterable

from torch import Tensor

from ...models.backbones.mit_keys import is_original_mit
from ...state_dicts import shown
from ..public.keys import OTHER_NETWORKS
from ..public.keys import PARTS as PUBLIC_PARTS

PARTS = ('student', 'teacher')
CONVERTER = 'mmseg-balance checkpoint convert'


def parts_of(weights: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Part the segmentors of a checkpoint.

    Args:
        weights: State dict of a UDA model or of a plain segmentor, the
            latter of which counts as a student.

    Returns:
        State dicts of 'student' and 'teacher', as far as they are there,
        without their prefix.
    """
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in weights.items():
        part, _, rest = key.partition('.')
        if part in PARTS:
            parts.setdefault(part, {})[rest] = value
    return parts or (dict(student=weights) if weights else {})


def advice(weights: dict[str, Tensor], wanted: Iterable[str], key: str) -> str:
    """What to do with a checkpoint that is not laid out as the model is.

    Args:
        weights: State dict of the checkpoint.
        wanted: Keys of the backbone that it lacks, without 'backbone.'.
        key: Key of the backbone in the config, 'model.segmentor.backbone'.

    Returns:
        A sentence that names the tool, or the key of the config.
    """
    public = (*PUBLIC_PARTS.values(), *OTHER_NETWORKS)
    found = next((k for k in weights if k.startswith(public)), None)
    backbone = {
        k.removeprefix('backbone.'): v
        for k, v in weights.items()
        if k.startswith('backbone.')
    }
    if found is not None or is_original_mit(backbone):
        first = found or next(iter(weights))
        return (
            f'It has keys of a public UDA repository such as {first!r}: '
            f'convert it, {CONVERTER} IN OUT, and load OUT'
        )
    alone = set(wanted) & {
        k.removeprefix(p) for k in weights for p in ('', 'timm_model.')
    }
    if alone or is_original_mit(weights):
        return (
            f'It is of a backbone alone: give it by {key}.init_cfg=dict('
            "type='Pretrained', checkpoint=...) in place of load_from"
        )
    if not backbone:
        names = shown(map(repr, weights))
        return (
            f'It has {names}, and no keys backbone.*, as files of timm, '
            'torchvision and others have: ImageNet weights are given by '
            f"{key}.init_cfg=dict(type='Pretrained', checkpoint=...), to a "
            f'TIMMBackbone by {key}.pretrained_cfg_overlay=dict(file=...); '
            f'checkpoints of public UDA repositories are converted by '
            f'{CONVERTER}'
        )
    return (
        'Give the config the backbone of the checkpoint, or load_from the '
        'checkpoint of this backbone; one of a public UDA repository is '
        f'converted by {CONVERTER}'
    )
