"""Instance branches of the EDAPS repository, as ours."""

from collections.abc import Mapping

from torch import Tensor

from ...errors import UserValueError
from .head import infer_head, shape_of, sub_state

State = Mapping[str, Tensor]

BRANCH = 'instance_head.'
# Mask R-CNN ("M-Dec-TD") keeps its names, below the branch
TOP_DOWN = ('neck.', 'rpn_head.', 'roi_head.')
# centres and offsets ("M-Dec-BU", "S-Net") have them in the decode head
BOTTOM_UP = (
    ('decode_head.embed_layers_semantic.', 'decode_head.embed_layers.'),
    ('decode_head.fuse_layer_semantic.', 'decode_head.fuse_layer.'),
    (
        'decode_head.embed_layers_instance.',
        f'{BRANCH}decoder.embed_layers.',
    ),
    ('decode_head.fuse_layer_instance.', f'{BRANCH}decoder.fuse_layer.'),
    ('decode_head.conv_center.', f'{BRANCH}conv_center.'),
    ('decode_head.conv_offset.', f'{BRANCH}conv_offset.'),
)
# of the 19 classes of Cityscapes: person, rider, car, ..., bicycle
NUM_CLASSES, THINGS = 19, tuple(range(11, 19))


def instance_keys(weights: State) -> dict[str, Tensor]:
    """Spell the keys of an instance branch as here.

    Args:
        weights: State dict of a segmentor of EDAPS, or of any other, whose
            keys stay as they are. Not changed.

    Returns:
        The same values.
    """
    top_down = any(key.startswith(TOP_DOWN[1:]) for key in weights)
    return {_key(key, top_down): value for key, value in weights.items()}


def infer_instances(
    weights: State, channels: list[int], decode_head: dict
) -> dict | None:
    """Config of the instance branch that a state dict has.

    Thresholds, samplers and the sizes of anchors and RoIs have no weights:
    they are those of the public configs, our defaults.

    Args:
        weights: State dict of a segmentor, spelt as here.
        channels: Those of the backbone's outputs.
        decode_head: Config of its decode head.

    Returns:
        ``instance_head`` and ``things`` of a ``PanopticEncoderDecoder``;
        None where there is no branch.

    Raises:
        ValueError: It is no branch of the public configs; names keys.
    """
    branch = sub_state(weights, BRANCH)
    if not branch:
        return None
    if any(key.startswith(TOP_DOWN) for key in branch):
        head, number = _infer_top_down(branch, channels)
    else:
        head = _infer_bottom_up(branch, channels, decode_head)
        number = len(THINGS)
    classes = decode_head['num_classes']
    if (classes, number) != (NUM_CLASSES, len(THINGS)):
        raise UserValueError(
            f'which of its {classes} classes are the {number} thing classes '
            'of its instance branch is in no weight'
        )
    return dict(instance_head=head, things=list(THINGS))


def kind_of_branch(head: dict) -> str:
    """An instance branch in words.

    Args:
        head: ``instance_head`` of :func:`infer_instances`.
    """
    if head['type'] == 'MaskRCNNHead':
        return f'MaskRCNNHead ({head["channels"]} channels)'
    own = 'a decoder of its own' if 'decoder' in head else 'the same decoder'
    return f'CenterOffsetHead ({own})'


def _key(key: str, top_down: bool) -> str:
    if top_down and key.startswith(TOP_DOWN):
        return BRANCH + key
    for old, new in BOTTOM_UP:
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key


def _infer_top_down(branch: State, channels: list[int]) -> tuple[dict, int]:
    """Config of Mask R-CNN, and its number of thing classes."""
    width = shape_of(branch, 'neck.fpn_convs.0.conv.weight')[0]
    box_head = 'roi_head.bbox_head.'
    head = dict(
        type='MaskRCNNHead',
        in_channels=list(channels),
        channels=width,
        fc_channels=shape_of(branch, f'{box_head}shared_fcs.0.weight')[0],
    )
    # the last logit is the background's
    return head, shape_of(branch, f'{box_head}fc_cls.weight')[0] - 1


def _infer_bottom_up(
    branch: State, channels: list[int], decode_head: dict
) -> dict:
    """Config of centres and offsets."""
    width = shape_of(branch, 'conv_center.weight')[1]
    decoder = sub_state(branch, 'decoder.')
    if not decoder:
        return dict(type='CenterOffsetHead', channels=width)
    # it has no classifier, of which the number of classes is told
    shape = decode_head['num_classes'], width, 1, 1
    classifier = branch['conv_center.weight'].new_empty(shape)
    return dict(
        type='CenterOffsetHead',
        decoder=infer_head(
            decoder | {'conv_seg.weight': classifier}, channels
        ),
    )
