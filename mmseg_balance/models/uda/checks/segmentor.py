"""What a segmentor must be for pixel-wise objectives, checked at build."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.segmentors import CascadeEncoderDecoder, EncoderDecoder
from torch import nn

from ....errors import UserTypeError, UserValueError
from ...declarations import takes_frames
from ...frames import FrameDataPreProcessor
from ...head_losses.own_losses import own_loss_methods
from ...head_losses.segmentation_loss import loss_modules
from ...losses import SourceLoss


def check_segmentor(segmentor: nn.Module) -> None:
    """Refuse segmentors and heads whose losses are not pixel by pixel.

    Raises:
        TypeError: Names the segmentor or the head.
        ValueError: Names the setting.
    """
    kind = type(segmentor)
    if not isinstance(segmentor, EncoderDecoder) or isinstance(
        segmentor, CascadeEncoderDecoder
    ):
        raise UserTypeError(
            f"Expected model.segmentor.type='EncoderDecoder', with one "
            f'decode head, but got {kind.__name__}'
        )
    _check_frames_in_tests(segmentor)
    for name, head in named_heads(segmentor):
        check_head(name, head)


def _check_frames_in_tests(segmentor: nn.Module) -> None:
    """Refuse images with frames in tests of a network without room for them.

    It would get nine channels, at the first validation of a training.

    Args:
        segmentor: A segmentor.

    Raises:
        ValueError: Names the setting.
    """
    preprocessor = segmentor.data_preprocessor
    stacks = isinstance(preprocessor, FrameDataPreProcessor)
    if stacks and preprocessor.in_tests and not takes_frames(segmentor):
        kind = type(segmentor).__name__
        fusing = {
            'EncoderDecoder': 'AccelEncoderDecoder',
            'HRDAEncoderDecoder': 'AccelHRDAEncoderDecoder',
        }
        fuses = fusing.get(kind, 'AccelEncoderDecoder')
        raise UserValueError(
            'data_preprocessor.in_tests=True gives the segmentor the frames '
            f'before the images in validation and tests, but {kind} predicts '
            'from images alone: remove in_tests, or set model.segmentor.type '
            f'to {fuses!r}, which fuses both'
        )


def named_heads(segmentor: nn.Module) -> list[tuple[str, nn.Module]]:
    """Names and heads of a segmentor: auxiliary ones, heads within heads."""
    return [
        (name, module)
        for name, module in segmentor.named_modules()
        if isinstance(module, BaseDecodeHead)
    ]


def check_head(name: str, head: nn.Module) -> None:
    """Refuse a head that computes or predicts in its own way.

    Args:
        name: Its key in the config, for the message.
        head: The head.

    Raises:
        TypeError: It overrides ``loss``, ``loss_by_feat`` or ``predict``.
        ValueError: It has other outputs than classes, or a loss of another
            number of classes.
    """
    kind = type(head)
    own = own_loss_methods(head)
    if own:
        raise UserTypeError(
            f'{name} {kind.__name__} has its own {" and ".join(own)}, so its '
            'losses cannot be given pixel weights and domains: choose a head '
            'that inherits them from BaseDecodeHead, SegformerHead, ASPPHead '
            'or DLV2Head for example'
        )
    if head.out_channels != head.num_classes:
        raise UserValueError(
            f'{name} has out_channels={head.out_channels} and num_classes='
            f'{head.num_classes}: pseudo-labels need one logit a class, '
            'leave out_channels away'
        )
    for loss in loss_modules(head):
        if head.sampler is not None and isinstance(loss, SourceLoss):
            raise UserValueError(
                f'{name}.sampler {type(head.sampler).__name__} weighs pixels,'
                f' and so cannot {type(loss.criterion).__name__} of a '
                'SourceLoss: remove one of them'
            )
        if head.sampler is not None and hasattr(loss, 'update_statistics'):
            raise UserValueError(
                f'{name}.sampler {type(head.sampler).__name__} leaves '
                f'{type(loss).__name__} the hard pixels alone, and its '
                'distributions would be theirs: remove the sampler'
            )
        classes = getattr(loss, 'num_classes', head.num_classes)
        if classes != head.num_classes:
            raise UserValueError(
                f'{name}.num_classes is {head.num_classes}, but '
                f'loss_decode.num_classes of its {type(loss).__name__} is '
                f'{classes}: set both to the classes of the data set'
            )
        _check_class_weight(name, head, loss)


def _check_class_weight(name: str, head: nn.Module, loss: nn.Module) -> None:
    for owner in (loss, getattr(loss, 'criterion', None)):
        weights = getattr(owner, 'class_weight', None)
        if weights is not None and len(weights) != head.num_classes:
            raise UserValueError(
                f'{name}.num_classes is {head.num_classes}, but class_weight '
                f'of its {type(owner).__name__} has {len(weights)} numbers: '
                'set one for each class'
            )
