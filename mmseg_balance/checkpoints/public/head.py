"""Which decode head the weights of a public checkpoint are of."""

from collections.abc import Mapping

from torch import Tensor

from ...errors import UserValueError

State = Mapping[str, Tensor]

NORM = dict(type='BN', requires_grad=True)
ACTIVATION = dict(type='ReLU')
# dilations that the public configs have, by their number
DLV2_DILATIONS = {2: (6, 12), 4: (6, 12, 18, 24)}
ASPP_DILATIONS = {4: (1, 6, 12, 18)}
# weight of the detail in the ablation of HRDA without scale attention
FIXED_ATTENTION = 0.5


def sub_state(weights: State, prefix: str) -> dict[str, Tensor]:
    """The entries under a prefix, without it."""
    return {
        key.removeprefix(prefix): value
        for key, value in weights.items()
        if key.startswith(prefix)
    }


def shape_of(weights: State, key: str) -> tuple[int, ...]:
    """Shape of an entry.

    Raises:
        ValueError: It is missing; names it.
    """
    if key not in weights:
        raise UserValueError(f'{key!r} is missing')
    return tuple(weights[key].shape)


def infer_head(weights: State, channels: list[int]) -> dict:
    """Config of the decode head that a state dict is of.

    Args:
        weights: State dict of the head, without a prefix.
        channels: Those of the backbone's outputs.

    Returns:
        Config of a ``DAFormerHead``, ``DLV2Head`` or ``HRDAHead``.

    Raises:
        ValueError: It is none of them; names keys.
    """
    roots = {key.split('.')[0] for key in weights}
    if 'head' in roots:
        return _infer_hrda(weights, channels)
    if roots & {'embed_layers', 'fuse_layer'}:
        return _infer_daformer(weights, channels)
    if 'aspp_modules' in roots and 'bottleneck' not in roots:
        return _infer_dlv2(weights, channels)
    raise UserValueError(
        f'its decode head, with keys such as {next(iter(weights), None)!r}, '
        'is neither of DAFormerHead, DLV2Head, SegFormerHead nor HRDAHead'
    )


def kind_of_head(head: dict) -> str:
    """A head in words.

    Args:
        head: What ``infer_head`` returned.
    """
    if head['type'] == 'HRDAHead':
        return f'HRDAHead of {kind_of_head(head["head"])}'
    if head['type'] == 'DLV2Head':
        return f'DLV2Head of {len(head["dilations"])} dilations'
    fusion = head['decoder_params']['fusion_cfg']
    kind = 'sepaspp' if fusion.get('sep') else fusion['type']
    return f'DAFormerHead ({kind} fusion, {head["channels"]} channels)'


def _infer_hrda(weights: State, channels: list[int]) -> dict:
    head = infer_head(sub_state(weights, 'head.'), channels)
    attends = sub_state(weights, 'scale_attention.')
    return dict(
        type='HRDAHead',
        head=head,
        attention=(
            infer_head(attends, channels) if attends else FIXED_ATTENTION
        ),
        num_classes=head['num_classes'],
    )


def _infer_dlv2(weights: State, channels: list[int]) -> dict:
    shape = shape_of(weights, 'aspp_modules.0.conv.weight')
    return dict(
        type='DLV2Head',
        in_channels=shape[1],
        in_index=len(channels) - 1,
        dilations=_dilations(weights, 'aspp_modules.', DLV2_DILATIONS),
        num_classes=shape[0],
        align_corners=False,
    )


def _infer_daformer(weights: State, channels: list[int]) -> dict:
    classes, width = shape_of(weights, 'conv_seg.weight')[:2]
    last = len(channels) - 1
    layers = [
        sub_state(weights, f'embed_layers.{i}.') for i in range(last + 1)
    ]
    if sub_state(layers[last], '1.aspp_modules.'):
        raise UserValueError(
            'its DAFormerHead has an ASPP on the last features alone, which '
            'the public network enlarges before by a SegFormerAdapter'
        )
    dims = [
        _out_channels(weights, f'embed_layers.{i}', own)
        for i, own in enumerate(channels)
    ]
    return dict(
        type='DAFormerHead',
        in_channels=list(channels),
        in_index=list(range(last + 1)),
        channels=width,
        dropout_ratio=0.1,
        num_classes=classes,
        norm_cfg=NORM,
        align_corners=False,
        decoder_params=dict(
            embed_dims=dims[0] if len(set(dims)) == 1 else dims,
            embed_cfg=_infer_layer(layers[0], 'embed_layers.0'),
            embed_neck_cfg=_infer_layer(layers[last], f'embed_layers.{last}'),
            fusion_cfg=_infer_layer(
                sub_state(weights, 'fuse_layer.'), 'fuse_layer'
            ),
        ),
    )


def _infer_layer(layer: State, name: str) -> dict:
    """Config of an embedding or a fusion of DAFormerHead.

    Args:
        layer: State dict of the layer, without a prefix.
        name: Its place in the head, for the error.
    """
    roots = {key.split('.')[0] for key in layer}
    norm = NORM if any('.bn.' in f'.{key}' for key in layer) else None
    shared = dict(act_cfg=ACTIVATION, norm_cfg=norm)
    if not layer:
        return dict(type='id')
    if 'proj' in roots:
        return dict(type='mlp', act_cfg=None, norm_cfg=None)
    if 'aspp_modules' in roots:
        context = sub_state(layer, 'context_layer.')
        return dict(
            type='aspp',
            sep=any('.depthwise_conv.' in key for key in layer),
            dilations=_dilations(layer, 'aspp_modules.', ASPP_DILATIONS),
            pool='image_pool' in roots,
            context_cfg=(
                _infer_layer(context, f'{name}.context_layer')
                if context
                else None
            ),
            **shared,
        )
    if 'in_conv' in roots:
        return _infer_isa(layer, shared)
    if 'depthwise_conv' in roots:
        kernel = shape_of(layer, 'depthwise_conv.conv.weight')[-1]
        return dict(type='sep_conv', kernel_size=kernel, **shared)
    if 'conv' in roots:
        kernel = shape_of(layer, 'conv.weight')[-1]
        return dict(type='conv', kernel_size=kernel, **shared)
    raise UserValueError(
        f'{name} of its DAFormerHead, with keys such as '
        f'{next(iter(layer))!r}, is no layer of the public configs'
    )


def _infer_isa(layer: State, shared: dict) -> dict:
    """Interlaced sparse self-attention; its down_factor has no weights."""
    queries = sub_state(layer, 'global_relation.query_project.')
    first = '' if 'conv.weight' in queries else '0.'
    return dict(
        type='isa',
        isa_channels=shape_of(queries, f'{first}conv.weight')[0],
        key_query_num_convs=len({k.split('.')[0] for k in queries})
        if first
        else 1,
        down_factor=(8, 8),
        **shared,
    )


def _out_channels(weights: State, name: str, channels: int) -> int:
    """Channels that an embedding gives; those of its input for 'id'."""
    roots = {k.split('.')[0] for k in sub_state(weights, f'{name}.')}
    for root in ('pointwise_conv.conv', 'conv', 'proj'):
        if root.split('.')[0] in roots:
            return shape_of(weights, f'{name}.{root}.weight')[0]
    return channels


def _dilations(
    weights: State, prefix: str, known: dict[int, tuple[int, ...]]
) -> tuple[int, ...]:
    numbers = {key.split('.')[0] for key in sub_state(weights, prefix)}
    if len(numbers) not in known:
        raise UserValueError(
            f'it has {len(numbers)} {prefix[:-1]}, the public configs have '
            f'{" or ".join(map(str, known))}'
        )
    return known[len(numbers)]
