"""Plain vision transformers, as timm builds them."""

from difflib import get_close_matches
from typing import Any

import timm
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from ....errors import UserTypeError, UserValueError

# VisionTransformer has DINO, DINOv2, MAE, CLIP, SigLIP, DeiT; Eva has EVA,
# EVA-02 and DINOv3
PLAIN = (VisionTransformer, Eva)


def build_timm_vit(
    model_name: str, pretrained: bool = False, **kwargs: Any
) -> nn.Module:
    """A transformer that takes images of any size.

    Args:
        model_name: timm's name, 'vit_small_patch14_dinov2' for one, with or
            without a tag ('.lvd142m').
        pretrained: Whether timm fetches its weights.
        **kwargs: Arguments of timm's model, such as ``img_size``, the size
            that its position embeddings are kept for, ``patch_size``, or
            ``depth`` and ``embed_dim`` of a small one.

    Returns:
        A ``VisionTransformer`` or an ``Eva``.

    Raises:
        TypeError: Another network, or arguments that it does not take.
        ValueError: timm knows no such name; names the nearest.
    """
    name = model_name.partition('.')[0]
    is_hub = ':' in model_name
    if not is_hub and not timm.is_model(name):
        known = timm.list_models()
        near = get_close_matches(name, known, 4, 0.4)
        raise UserValueError(
            f'model_name {model_name!r} of TimmViTPyramid: timm '
            f'{timm.__version__} knows no such model; the nearest are '
            f'{", ".join(near) or "none"}'
        )
    try:
        vit = timm.create_model(
            model_name,
            pretrained=pretrained,
            dynamic_img_size=True,
            num_classes=0,
            **kwargs,
        )
    except TypeError as error:
        raise UserTypeError(
            f'TimmViTPyramid cannot build {model_name!r} of timm: {error}. '
            + _advice(model_name)
        ) from error
    if not isinstance(vit, PLAIN):
        raise UserTypeError(
            f'TimmViTPyramid reads blocks of a plain transformer, but '
            f'{model_name!r} is a {type(vit).__name__} of timm. '
            + _advice(model_name)
        )
    return vit


def _advice(name: str) -> str:
    return (
        'It takes plain transformers such as vit_small_patch14_dinov2 or '
        'vit_small_patch16_dinov3; networks with stages of their own, '
        "ConvNeXt or Swin, go by type='TIMMBackbone', model_name="
        f'{name!r}, features_only=True'
    )
