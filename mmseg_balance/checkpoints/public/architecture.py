"""Which network the weights of a public checkpoint are of."""

import copy
from collections.abc import Mapping

import torch
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ...errors import UserValueError
from ...state_dicts import differences, shown
from ..export.config import strip_initial_weights
from .head import infer_head, kind_of_head, shape_of, sub_state
from .instances import infer_instances, kind_of_branch

State = Mapping[str, Tensor]

ANOTHER = (
    'name a config with that network by --config CONFIG, where there is one'
)
MIT_NAMES = {
    (32, (2, 2, 2, 2)): 'MiT-B0',
    (64, (2, 2, 2, 2)): 'MiT-B1',
    (64, (3, 4, 6, 3)): 'MiT-B2',
    (64, (3, 4, 18, 3)): 'MiT-B3',
    (64, (3, 8, 27, 3)): 'MiT-B4',
    (64, (3, 6, 40, 3)): 'MiT-B5',
}
# blocks of each stage, and whether they are bottlenecks
RESNET_DEPTHS = {
    ((2, 2, 2, 2), False): 18,
    ((3, 4, 6, 3), False): 34,
    ((3, 4, 6, 3), True): 50,
    ((3, 4, 23, 3), True): 101,
    ((3, 8, 36, 3), True): 152,
}


class _LinspaceOnCPU(TorchFunctionMode):
    """Lets a MiT be built on the meta device.

    MMSegmentation reads its drop path rates out of a linspace, number by
    number, and on the meta device there are none.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.linspace:
            kwargs.setdefault('device', 'cpu')
        return func(*args, **kwargs)


def infer_segmentor(weights: State) -> dict:
    """Config of the segmentor that a state dict is of.

    What shapes cannot tell is what the public configs have: dilations,
    strides, activations.

    Args:
        weights: State dict with ``backbone.*`` and ``decode_head.*``, as
            MMSegmentation 1.x and this package spell the keys.

    Returns:
        Config of an ``EncoderDecoder``, ``HRDAEncoderDecoder`` or
        ``PanopticEncoderDecoder``.

    Raises:
        ValueError: It is of no network of the public configs, or a weight
            is missing; names keys.
    """
    backbone, channels = infer_backbone(sub_state(weights, 'backbone.'))
    head = infer_head(sub_state(weights, 'decode_head.'), channels)
    kind = 'EncoderDecoder'
    if head['type'] == 'HRDAHead':
        kind = 'HRDAEncoderDecoder'
    instances = infer_instances(weights, channels, head) or {}
    if instances:
        kind = 'PanopticEncoderDecoder'
    return dict(type=kind, backbone=backbone, decode_head=head, **instances)


def infer_backbone(weights: State) -> tuple[dict, list[int]]:
    """Config of a backbone, and the channels of its four outputs.

    Args:
        weights: State dict of the backbone, without a prefix.

    Returns:
        Config of a ``FusedMixVisionTransformer``, ``ResNetV1c`` or
        ``ResNet``, and the channels.

    Raises:
        ValueError: It is neither; names keys.
    """
    if any(key.startswith('layers.') for key in weights):
        return _infer_mit(weights)
    if any(key.startswith('layer1.') for key in weights):
        return _infer_resnet(weights)
    raise UserValueError(
        f'its backbone, with keys such as {next(iter(weights), None)!r}, is '
        'neither a MiT nor a ResNet'
    )


def expected_state(config: dict) -> dict[str, Tensor]:
    """State dict of a model, names and shapes alone.

    Args:
        config: Config of the model. Not changed; nothing is loaded.

    Returns:
        Its state dict on the meta device.
    """
    init_default_scope('mmseg')
    config = ConfigDict(copy.deepcopy(dict(config)))
    strip_initial_weights(config)
    with torch.device('meta'), _LinspaceOnCPU():
        return MODELS.build(config).state_dict()


def check_complete(
    weights: dict[str, Tensor], wanted: dict[str, Tensor], part: str
) -> None:
    """Refuse a state dict with too many or too few entries.

    Args:
        weights: State dict of a network.
        wanted: That of the model; counters of batches may be missing.
        part: 'student', 'teacher' or 'backbone', for the error.

    Raises:
        ValueError: Names the first three and says how many more.
    """
    wrong = [f'{k!r} is unknown' for k in weights if k not in wanted]
    wrong += differences(
        {
            key: value
            for key, value in wanted.items()
            if not key.endswith('num_batches_tracked')
        },
        weights,
    )
    if wrong:
        raise UserValueError(
            f'its {part} does not fit the network: {shown(wrong)} (keys as '
            'MMSegmentation 1.x spells them). If it is of another network, '
            f'{ANOTHER}'
        )


def describe(segmentor: dict) -> str:
    """A segmentor in words: backbone, heads and number of classes.

    Args:
        segmentor: What ``infer_segmentor`` returned.
    """
    head = segmentor['decode_head']
    branch = segmentor.get('instance_head')
    return (
        f'{describe_backbone(segmentor["backbone"])} with '
        f'{kind_of_head(head)}'
        + (f' and {kind_of_branch(branch)}' if branch else '')
        + f', {head["num_classes"]} classes'
    )


def describe_backbone(backbone: dict) -> str:
    """A backbone in words.

    Args:
        backbone: What ``infer_backbone`` returned.
    """
    if 'depth' in backbone:
        return f'{backbone["type"]}-{backbone["depth"]}'
    width, depths = backbone['embed_dims'], tuple(backbone['num_layers'])
    other = f'a MiT of embed_dims={width} and num_layers={depths}'
    return MIT_NAMES.get((width, depths), other)


def _infer_mit(weights: State) -> tuple[dict, list[int]]:
    stages = range(_count(weights, 'layers'))
    patches = [
        shape_of(weights, f'layers.{i}.0.projection.weight') for i in stages
    ]
    channels = [shape[0] for shape in patches]
    hidden = shape_of(weights, 'layers.0.1.0.ffn.layers.0.weight')[0]
    backbone = dict(
        type='FusedMixVisionTransformer',
        embed_dims=channels[0],
        num_stages=len(stages),
        num_layers=[_count(weights, f'layers.{i}.1') for i in stages],
        # a stage has embed_dims channels for each of its heads
        num_heads=[c // channels[0] for c in channels],
        patch_sizes=[shape[-1] for shape in patches],
        strides=[4, 2, 2, 2][: len(stages)],
        sr_ratios=[_reduction(weights, i) for i in stages],
        out_indices=tuple(stages),
        mlp_ratio=hidden // channels[0],
        qkv_bias=any(key.endswith('in_proj_bias') for key in weights),
    )
    return backbone, channels


def _reduction(weights: State, stage: int) -> int:
    """Spatial reduction in the attention of a stage of a MiT."""
    for key in weights:
        name, _, layer = key.rpartition('.attn.sr.')
        if layer and name.startswith(f'layers.{stage}.1.'):
            return shape_of(weights, f'{name}.attn.sr.weight')[-1]
    return 1


def _infer_resnet(weights: State) -> tuple[dict, list[int]]:
    blocks = tuple(_count(weights, f'layer{i}') for i in range(1, 5))
    bottlenecks = any(k.endswith('.conv3.weight') for k in weights)
    depth = RESNET_DEPTHS.get((blocks, bottlenecks))
    if depth is None:
        raise UserValueError(
            f'its ResNet of {blocks} blocks has none of the depths '
            f'{sorted(RESNET_DEPTHS.values())}'
        )
    deep_stem = any(key.startswith('stem.') for key in weights)
    backbone = dict(
        type='ResNetV1c' if deep_stem else 'ResNet',
        depth=depth,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1),
        norm_cfg=dict(type='BN', requires_grad=True),
        style='pytorch',
        contract_dilation=True,
    )
    return backbone, [(256 if bottlenecks else 64) * 2**i for i in range(4)]


def _count(weights: State, prefix: str) -> int:
    """How many numbered modules ``prefix.0``, ``prefix.1``, ... there are."""
    start = f'{prefix}.'
    numbers = {
        key.removeprefix(start).split('.')[0]
        for key in weights
        if key.startswith(start)
    }
    return 1 + max((int(n) for n in numbers if n.isdecimal()), default=-1)
