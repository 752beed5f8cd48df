"""Keys of the DAFormer, HRDA, MIC, BLDA and EDAPS repositories as here."""

import re
from collections import Counter
from collections.abc import Mapping

from torch import Tensor

from ...errors import UserValueError
from ...models.backbones.mit_keys import is_original_mit, mmseg_mit_keys
from ...state_dicts import shown
from .head import sub_state
from .instances import instance_keys

State = Mapping[str, Tensor]

# part of a UDASegmentor, and the prefix of its keys in a public checkpoint
PARTS = dict(student='model.', teacher='ema_model.')
OTHER_NETWORKS = {
    'imnet_model.': 'the ImageNet network of the feature distance',
    'mic.': 'a teacher that the masked consistency has to itself',
    'model_D.': 'discriminators of adversarial training',
}
PLAIN_ROOTS = (
    'backbone.',
    'neck.',
    'decode_head.',
    'auxiliary_head.',
    'rpn_head.',
    'roi_head.',
)
TRAINING_ONLY = (
    (re.compile(r'auxiliary_head\.'), 'auxiliary heads, for training alone'),
    (
        re.compile(r'decode_head\.(\w+\.)?conv_reg\.'),
        'the density regression of BLDA, for training alone',
    ),
    (
        re.compile(r'(.+\.)?(loss_decode|pixel_sampler)\.'),
        'the state of losses',
    ),
)
# SegFormerHead there is DAFormerHead with other names
SEGFORMER_HEAD = (
    ('linear_c.', 'embed_layers.'),
    ('linear_fuse.', 'fuse_layer.'),
    ('linear_pred.', 'conv_seg.'),
)


def split_parts(weights: State) -> tuple[dict[str, dict], Counter[str]]:
    """Part the networks of a public checkpoint.

    Args:
        weights: State dict of a UDA model (``model.*``, ``ema_model.*``), or
            of a plain segmentor, which counts as the student.

    Returns:
        State dicts of 'student' and, where there is one, 'teacher', without
        their prefix; numbers of keys dropped, by the reason.

    Raises:
        ValueError: Keys are of none of the known networks; names the first
            three and says how many more.
    """
    dropped = Counter()
    parts: dict[str, dict] = {}
    unknown = []
    plain = any(key.startswith(PLAIN_ROOTS[0]) for key in weights)
    for key, value in weights.items():
        part, own = _place(key, plain)
        if part in PARTS:
            parts.setdefault(part, {})[own] = value
        elif part is not None:
            dropped[part] += 1
        else:
            unknown.append(repr(key))
    if unknown:
        raise UserValueError(
            f'unknown keys {shown(unknown)}; expected those of a UDA model '
            f'({", ".join([*PARTS.values(), *OTHER_NETWORKS])}), of a '
            f'segmentor ({", ".join(PLAIN_ROOTS)}) or of a MiT '
            '(patch_embed1., block1., ...)'
        )
    return parts, dropped


def segmentor_keys(weights: State) -> tuple[dict[str, Tensor], Counter[str]]:
    """Spell the keys of one segmentor as MMSegmentation 1.x and we do.

    Backbones MiT change their layout, SegFormerHead and the instance
    branches of EDAPS their names; all else is the same.

    Args:
        weights: State dict of a segmentor of MMSegmentation 0.16, as the
            public repositories have it. Not changed.

    Returns:
        State dict for a segmentor here; numbers of keys dropped, by the
        reason.

    Raises:
        ValueError: A key of a MiT is unknown or missing; names it.
    """
    kept, dropped = without_training(instance_keys(weights))
    if any(k.startswith('decode_head.linear_c.') for k in kept):
        for name in ('weight', 'bias'):
            if kept.pop(f'decode_head.conv_seg.{name}', None) is not None:
                dropped['a classifier that SegFormerHead does not use'] += 1
        kept = {_daformer_head_key(k): v for k, v in kept.items()}
    backbone = sub_state(kept, 'backbone.')
    if is_original_mit(backbone):
        converted, classifier = mit_keys(backbone)
        dropped += classifier
        kept = {
            **{f'backbone.{k}': v for k, v in converted.items()},
            **{k: v for k, v in kept.items() if not k.startswith('backbone.')},
        }
    return kept, dropped


def without_training(weights: State) -> tuple[dict, Counter[str]]:
    """Leave out what predictions do not depend on.

    Args:
        weights: State dict of a segmentor.

    Returns:
        The rest of it; numbers of keys dropped, by the reason.
    """
    kept, dropped = {}, Counter()
    for key, value in weights.items():
        reason = next((r for p, r in TRAINING_ONLY if p.match(key)), None)
        if reason is None:
            kept[key] = value
        else:
            dropped[reason] += 1
    return kept, dropped


def mit_keys(weights: State) -> tuple[dict[str, Tensor], Counter[str]]:
    """Spell the keys of a MiT as MMSegmentation 1.x does.

    Args:
        weights: State dict in the original layout, without a prefix.

    Returns:
        State dict of the backbone; numbers of keys dropped, by the reason.

    Raises:
        ValueError: A key is unknown or missing; names it.
    """
    classifier = sum(key.startswith('head.') for key in weights)
    dropped = Counter()
    if classifier:
        dropped['the ImageNet classifier'] = classifier
    return mmseg_mit_keys(weights), dropped


def _place(key: str, plain: bool) -> tuple[str | None, str]:
    """Part of a key, or why it is dropped, and its name in that part."""
    if plain and key.startswith(PLAIN_ROOTS):
        return 'student', key
    for prefix, reason in OTHER_NETWORKS.items():
        if key.startswith(prefix):
            return reason, key
    for part, prefix in PARTS.items():
        if key.startswith(prefix):
            return part, key.removeprefix(prefix)
    return None, key


def _daformer_head_key(key: str) -> str:
    for old, new in SEGFORMER_HEAD:
        key = key.replace(f'decode_head.{old}', f'decode_head.{new}')
    return key
