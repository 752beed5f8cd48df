"""What losses do with pixel weights and ignored pixels, by trying."""

import copy
import logging

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from ....errors import UserError, UserTypeError, UserValueError
from ...head_losses.call_loss import call_loss
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.segmentation_loss import is_trained, loss_modules
from ...losses import SourceLoss
from .segmentor import named_heads


def check_loss_names(segmentor: nn.Module) -> None:
    """Refuse losses without a name, and warn of those not trained.

    Raises:
        TypeError: Names the head and the loss.
    """
    for name, head in named_heads(segmentor):
        for loss in loss_modules(head):
            _check_name(f'{name}.loss_decode', loss)


def check_pixel_weights(segmentor: nn.Module) -> None:
    """Refuse losses that do not weigh each pixel by ``weight``.

    Found out by trying: with weight 0 everywhere a loss must be 0.

    Raises:
        ValueError, TypeError: Names the head and the loss, and what takes
            its place, or what it has to take and to give.
    """
    for name, head in named_heads(segmentor):
        losses = loss_modules(head)
        for loss in losses:
            _check_call(f'{name}.loss_decode', loss, head)
            reason = _why_not_weighted(loss, head)
            if reason:
                raise UserValueError(
                    f'{name}.loss_decode {_name_of(loss)} cannot take pixel '
                    f'weights beside ignored pixels ({reason}), and '
                    f'pseudo-labels need them: {_what_works(loss)}'
                )
    check_learns_from_target(segmentor)


def check_learns_from_target(segmentor: nn.Module) -> None:
    """Refuse losses that leave target pixels out, all of them.

    Raises:
        ValueError: Names the head.
    """
    for name, head in named_heads(segmentor):
        losses = loss_modules(head)
        if losses and all(isinstance(loss, SourceLoss) for loss in losses):
            raise UserValueError(
                f'{name}.loss_decode is a SourceLoss alone, so that nothing '
                'is learnt from pseudo-labels: put a loss beside it, as '
                "loss_decode=[dict(type='CrossEntropyLoss'), "
                "dict(type='SourceLoss', ...)]"
            )


def _check_name(key: str, loss: nn.Module) -> None:
    name = getattr(loss, 'loss_name', None)
    if not isinstance(name, str):
        raise UserTypeError(
            f'{key} {_name_of(loss)} has the loss_name {name!r}, expected a '
            "text that contains 'loss', under which it is logged"
        )
    if not is_trained(name):
        print_log(
            f'{key} {_name_of(loss)} is logged and not trained, since its '
            f"loss_name {name!r} does not contain 'loss'",
            'current',
            logging.WARNING,
        )


def _check_call(key: str, loss: nn.Module, head: nn.Module) -> None:
    """Refuse what fails without weights as well: these are not to blame."""
    if _is_meta(loss):
        return
    called = (
        f'{key} {_name_of(loss)} is called with cls_score, label, '
        f'weight=None and ignore_index={head.ignore_index}, and '
    )
    logits, labels = _example(head)
    labels[labels == head.ignore_index] = 0
    try:
        value = _value(loss, head, logits, labels, None)
    except UserError:
        raise
    except Exception as error:  # any failure is the answer
        raise UserTypeError(
            f'{called}raised {error!r}: correct its forward or its arguments'
        ) from error
    if not isinstance(value, Tensor):
        raise UserTypeError(
            f'{called}gave {value!r}, expected a tensor: the loss that is '
            'minimised'
        )
    if not torch.isfinite(value).all():
        raise UserValueError(
            f'{called}gave {value.detach().mean().item()} for logits of a '
            'normal distribution: correct its forward or its arguments'
        )


def _name_of(loss: nn.Module) -> str:
    kind = type(loss).__name__
    if hasattr(loss, 'criterion'):
        kind += f' with criterion {type(loss.criterion).__name__}'
    return kind


def _what_works(loss: nn.Module) -> str:
    inner = getattr(loss, 'criterion', loss)
    kind = type(inner).__name__
    if kind == 'CrossEntropyLoss' and inner.class_weight is not None:
        return (
            "choose type='WeightedCrossEntropyLoss' with the same "
            'class_weight (SoftmaxFocalLoss, GBWLoss and the like take it, '
            'too)'
        )
    return (
        'choose one that can, and have this one learn from source labels '
        "alone: loss_decode=[dict(type='CrossEntropyLoss'), "
        f"dict(type='SourceLoss', criterion=dict(type='{kind}', ...))]"
    )


def warn_of_ignored_pixels(segmentor: nn.Module) -> None:
    """Say which losses learn from pixels that are to be ignored.

    MMSegmentation's Dice loss has their predictions in its denominator.
    """
    for name, head in named_heads(segmentor):
        for loss in loss_modules(head):
            if _learns_from_ignored(loss, head):
                inner = getattr(loss, 'criterion', loss)
                print_log(
                    f'{name}.loss_decode {_name_of(loss)} depends on '
                    'predictions where the label is '
                    f'ignore_index={head.ignore_index}: these pixels are '
                    f'not ignored by {type(inner).__name__}. LovaszLoss and '
                    'TverskyLoss leave them out',
                    'current',
                    logging.WARNING,
                )


def _why_not_weighted(loss: nn.Module, head: nn.Module) -> str | None:
    if _is_meta(loss):
        return None  # a model without memory, built to be looked at
    logits, labels = _example(head)
    weight = torch.zeros(labels.shape, device='cpu')
    try:
        value = _value(loss, head, logits, labels, weight)
    except Exception as error:  # noqa: BLE001  (any failure is the answer)
        return f'it raised {error!r}'
    if value.abs().sum() != 0:
        return f'it is {value.sum().item():.3g} where every weight is 0'
    return None


def _learns_from_ignored(loss: nn.Module, head: nn.Module) -> bool:
    if _is_meta(loss):
        return False
    logits, labels = _example(head)
    others = logits.clone()
    others[0, :, 0] += torch.arange(head.num_classes, device='cpu')[:, None]
    # alone it has nothing to say of mixed images
    loss = loss.criterion if isinstance(loss, SourceLoss) else loss
    try:
        values = [
            _value(loss, head, z, labels, None).sum() for z in (logits, others)
        ]
    except Exception:  # noqa: BLE001  (a loss that fails is seen elsewhere)
        return False
    return not torch.isclose(*values)


def _is_meta(loss: nn.Module) -> bool:
    return any(t.is_meta for t in (*loss.parameters(), *loss.buffers()))


def _example(head: nn.Module) -> tuple[Tensor, Tensor]:
    """Logits and labels of two tiny images, of which a row is ignored."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(
        2, head.num_classes, 4, 4, generator=generator, device='cpu'
    )
    labels = torch.randint(
        head.num_classes, (2, 4, 4), generator=generator, device='cpu'
    )
    labels[0, 0] = head.ignore_index
    return logits, labels


def _value(
    loss: nn.Module,
    head: nn.Module,
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
) -> Tensor:
    """A copy of the loss on the example; statistics and draws are kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return call_loss(
            copy.deepcopy(loss).eval(),
            logits,
            PixelTargets(labels, weight),
            head.ignore_index,
            collect=False,
        )
