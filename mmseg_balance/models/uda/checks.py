"""What a segmentor must be for pixel-wise objectives, checked at build."""

import copy

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.segmentors import CascadeEncoderDecoder, EncoderDecoder
from torch import nn

from ..segmentation_loss import domain_arguments, loss_modules


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
        raise TypeError(
            f"Expected model.segmentor.type='EncoderDecoder', with one "
            f'decode head, but got {kind.__name__}'
        )
    for name, head in named_heads(segmentor):
        check_head(name, head)


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
    own = [
        method
        for method in ('loss', 'loss_by_feat', 'predict')
        if getattr(kind, method, None) is not getattr(BaseDecodeHead, method)
    ]
    if own:
        raise TypeError(
            f'{name} {kind.__name__} has its own {" and ".join(own)}, so its '
            'losses cannot be given pixel weights and domains: choose a head '
            'that inherits them from BaseDecodeHead, SegformerHead, ASPPHead '
            'or DLV2Head for example'
        )
    if head.out_channels != head.num_classes:
        raise ValueError(
            f'{name} has out_channels={head.out_channels} and num_classes='
            f'{head.num_classes}: pseudo-labels need one logit a class, '
            'leave out_channels away'
        )
    for loss in loss_modules(head):
        if head.sampler is not None and hasattr(loss, 'update_statistics'):
            raise ValueError(
                f'{name}.sampler {type(head.sampler).__name__} leaves '
                f'{type(loss).__name__} the hard pixels alone, and its '
                'distributions would be theirs: remove the sampler'
            )
        classes = getattr(loss, 'num_classes', head.num_classes)
        if classes != head.num_classes:
            raise ValueError(
                f'{name}.num_classes is {head.num_classes}, but '
                f'loss_decode.num_classes of its {type(loss).__name__} is '
                f'{classes}: set both to the classes of the data set'
            )


def check_pixel_weights(segmentor: nn.Module) -> None:
    """Refuse losses that do not weigh each pixel by ``weight``.

    Found out by trying: with weight 0 everywhere a loss must be 0.

    Raises:
        ValueError: Names the head and the loss.
    """
    for name, head in named_heads(segmentor):
        for loss in loss_modules(head):
            reason = _why_not_weighted(loss, head)
            if reason:
                kind = type(loss).__name__
                if hasattr(loss, 'criterion'):
                    kind += f' with criterion {type(loss.criterion).__name__}'
                raise ValueError(
                    f'{name}.loss_decode {kind} cannot take pixel weights '
                    f'beside ignored pixels ({reason}), and pseudo-labels '
                    'need them: choose CrossEntropyLoss without class_weight'
                )


def _why_not_weighted(loss: nn.Module, head: nn.Module) -> str | None:
    if any(t.is_meta for t in (*loss.parameters(), *loss.buffers())):
        return None  # a model without memory, built to be looked at
    loss = copy.deepcopy(loss).eval()
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(
        2, head.num_classes, 4, 4, generator=generator, device='cpu'
    )
    labels = torch.randint(
        head.num_classes, (2, 4, 4), generator=generator, device='cpu'
    )
    labels[0, 0] = head.ignore_index
    offered = dict(target_mask=None, collect=False)
    taken = {k: offered[k] for k in domain_arguments(type(loss))}
    try:
        value = loss(
            logits,
            labels,
            weight=torch.zeros(2, 4, 4, device='cpu'),
            ignore_index=head.ignore_index,
            **taken,
        )
    except Exception as error:  # noqa: BLE001  (any failure is the answer)
        return f'it raised {error!r}'
    if value.abs().sum() != 0:
        return f'it is {value.sum().item():.3g} where every weight is 0'
    return None
