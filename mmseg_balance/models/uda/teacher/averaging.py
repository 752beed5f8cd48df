"""The mean teacher: a copy of the student that follows it slowly."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from ....errors import UserValueError


def build_teacher(student: nn.Module) -> nn.Module:
    """Copy a segmentor for prediction alone.

    No losses, no auxiliary heads, no gradients; dropout and drop path do
    nothing, in training mode either. It stays in training mode for batch
    norm, which takes the statistics of the batch and keeps running
    statistics of its own (as in DAFormer). Weights that a module says are
    never trained (``fixed_parameters``) are the student's own.

    Args:
        student: An ``EncoderDecoder``.

    Returns:
        The teacher, with the student's parameters of this moment.
    """
    shared = {
        id(parameter): parameter
        for module in student.modules()
        for parameter in getattr(module, 'fixed_parameters', ())
    }
    teacher = copy.deepcopy(student, shared)
    for head in teacher.modules():
        if isinstance(head, BaseDecodeHead):
            head.loss_decode = nn.ModuleList()
    if teacher.with_auxiliary_head:
        teacher.auxiliary_head = None
    teacher.requires_grad_(False)
    switch_off_dropout(teacher)
    return teacher


def switch_off_dropout(module: nn.Module) -> None:
    """Set every dropout and drop path probability to 0, for good."""
    for child, name in _dropouts(module):
        setattr(child, name, 0.0)


@contextmanager
def without_dropout(module: nn.Module) -> Iterator[None]:
    """Have dropout and drop path do nothing while this lasts.

    Args:
        module: A network.
    """
    rates = [(m, name, getattr(m, name)) for m, name in _dropouts(module)]
    switch_off_dropout(module)
    try:
        yield
    finally:
        for child, name, rate in rates:
            setattr(child, name, rate)


def _dropouts(module: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """Modules that drop something, and the name of their probability."""
    for child in module.modules():
        if isinstance(child, _DropoutNd):
            yield child, 'p'
        elif isinstance(child, nn.MultiheadAttention):
            yield child, 'dropout'
        elif type(child).__name__ == 'DropPath':  # mmcv's and timm's
            yield child, 'drop_prob'


def teacher_momentum(iteration: int, alpha: float) -> float:
    """Share of itself that the teacher keeps: min(1 - 1 / (i + 1), alpha).

    A plain average of the students so far until ``alpha`` is reached.

    Args:
        iteration: Number i of the iteration, from 0 (keeps nothing).
        alpha: Its final value.
    """
    return min(1 - 1 / (iteration + 1), alpha)


@torch.no_grad()
def move_teacher(teacher: nn.Module, student: nn.Module, keep: float) -> None:
    """Teacher's parameters <- keep * its own + (1 - keep) * the student's.

    Parameters only: buffers are the teacher's own. ``keep`` 0 copies.
    """
    kinds: dict[tuple, tuple[list, list]] = {}
    for own, other in paired_parameters(teacher, student):
        if own is other:
            continue
        kind = own.dtype, other.dtype, own.device
        for tensors, tensor in zip(
            kinds.setdefault(kind, ([], [])), (own, other), strict=True
        ):
            tensors.append(tensor)
    for owns, others in kinds.values():  # of one kind in a few kernels
        torch._foreach_lerp_(owns, others, 1 - keep)


def paired_parameters(
    teacher: nn.Module, student: nn.Module
) -> list[tuple[nn.Parameter, nn.Parameter]]:
    """Parameters of a teacher, each once, with those of its student.

    As by their names in ``named_parameters``, which take a few milliseconds
    to be put together for a thousand of them.

    Args:
        teacher: A network.
        student: One that has all modules and parameters of the teacher.
    """
    found: dict[nn.Parameter, nn.Parameter] = {}
    modules = [(teacher, student)]
    for own, other in modules:
        for name, parameter in own._parameters.items():
            if parameter is not None and parameter not in found:
                found[parameter] = other._parameters[name]
        modules.extend(
            (child, other._modules[name])
            for name, child in own._modules.items()
            if child is not None
        )
    return list(found.items())


def shared_keys(model: nn.Module) -> list[tuple[str, str]]:
    """Keys of a teacher's weights that are the student's own.

    Args:
        model: With ``student`` and ``teacher``.

    Returns:
        Keys of each in the model's state dict, the teacher's first.
    """
    names = {p: f'student.{k}' for k, p in model.student.named_parameters()}
    return [
        (f'teacher.{name}', names[parameter])
        for name, parameter in model.teacher.named_parameters()
        if parameter in names
    ]


def parted_keys(
    model: nn.Module, weights: Mapping[str, Tensor], prefix: str = ''
) -> list[str]:
    """Shared weights that a state dict has twice, with two values.

    As that of a training in which they were not frozen: its teacher and its
    student have a transformer each.

    Args:
        model: With ``student`` and ``teacher``.
        weights: State dict of a model like it.
        prefix: Of the model in it.

    Returns:
        The student's keys.
    """
    return [
        other
        for own, other in shared_keys(model)
        if prefix + own in weights
        and prefix + other in weights
        and not torch.equal(weights[prefix + own], weights[prefix + other])
    ]


def check_shared(
    model: nn.Module, weights: Mapping[str, Tensor], prefix: str
) -> None:
    """Refuse to load two values into one weight: the last would stay.

    Args:
        model: With ``student`` and ``teacher``.
        weights: What is to be loaded.
        prefix: Of the model in it.

    Raises:
        ValueError: See ``parted_keys``; names the first.
    """
    parted = parted_keys(model, weights, prefix)
    if parted:
        raise UserValueError(
            f'The checkpoint has {len(parted)} weights that differ between '
            f'its student and its teacher, {parted[0]!r} for one, but are '
            'one here, since they are frozen: it is of a training in which '
            'they were not. Set `frozen` and `adapter` of the backbone as '
            'they were then; a new training may start from it by load_from'
        )


@torch.no_grad()
def copy_buffers(teacher: nn.Module, student: nn.Module) -> None:
    """Give the teacher the student's buffers.

    For a teacher that labels nothing in training: without batches of its
    own, its batch norm statistics would stay those of the first iteration.
    """
    of_student = dict(student.named_buffers())
    for name, buffer in teacher.named_buffers():
        buffer.copy_(of_student[name])
