"""Ids of predicted segments, from classes and numbered instances."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import UserValueError
from ..ids import LABEL_DIVISOR, VOID_ID, VOID_LABEL


def assemble_segments(
    semantic: Tensor,
    instances: Tensor,
    count: int,
    is_thing: Tensor,
    stuff_area: int = 2048,
    hidden: Tensor | None = None,
) -> Tensor:
    """Segments of things by majority of their pixels, and large stuff.

    An instance keeps the pixels whose class is a thing, whichever; its class
    is the most frequent one of these (the lowest of several), and instances
    of a class are numbered from 1 in their order. Stuff of a class is one
    segment, if it is large enough. All else is void: small stuff, things
    without an instance, instances without a thing.

    The rule is that of the evaluation of https://github.com/susaha/edaps.
    It runs on the device of its inputs and never waits for it.

    Args:
        semantic: Class of each pixel (H, W), integers; a value outside
            [0, C) is void.
        instances: Number of the instance of each pixel (H, W), integers from
            1, and 0 where there is none.
        count: Largest number of an instance.
        is_thing: Whether each of C classes has instances, (C,), boolean.
        stuff_area: Fewest pixels of stuff of one class.
        hidden: Pixels where stuff does not count (H, W), boolean.

    Returns:
        Ids (H, W) in int32: class * 1000 + number, with number 0 for stuff;
        255000 is void.

    Raises:
        ValueError: The maps differ in size, or there are 1000 instances or
            more, whose ids would be those of another class, or a class 255,
            which is void.
    """
    classes = len(is_thing)
    _check(semantic, instances, hidden, count, classes)
    label = semantic.long().clamp(0, classes - 1)
    known = label == semantic
    thing = is_thing[label]
    stuff = known & ~thing
    if hidden is not None:
        stuff &= ~hidden
    # row 0 counts stuff, row k the classes of instance k, the last one void
    row = torch.where(known & thing & (instances > 0), instances, count + 1)
    row = row.long().masked_fill_(stuff, 0)
    votes = label.new_zeros((count + 2) * classes)
    cells = (row * classes + label).flatten()
    votes.scatter_add_(0, cells, cells.new_ones(1).expand_as(cells))
    votes = votes.view(count + 2, classes)

    stuff_ids = LABEL_DIVISOR * torch.arange(classes, device=label.device)
    stuff_ids.masked_fill_(votes[0] < stuff_area, VOID_ID)
    instance_ids = _instance_ids(votes[1:-1])
    ids = F.pad(torch.cat([stuff_ids, instance_ids]), (0, 1), value=VOID_ID)
    place = torch.where(row > 0, row + (classes - 1), label)
    return ids.int()[place]


def _instance_ids(votes: Tensor) -> Tensor:
    """Ids (N,) of instances by the pixels (N, C) of each class they have."""
    label = votes.argmax(dim=1)
    seen = votes.sum(dim=1) > 0
    member = F.one_hot(label, votes.shape[1]) * seen[:, None]
    number = member.cumsum(dim=0).gather(1, label[:, None])[:, 0]
    ids = LABEL_DIVISOR * label + number
    return ids.masked_fill_(~seen, VOID_ID)


def _check(
    semantic: Tensor,
    instances: Tensor,
    hidden: Tensor | None,
    count: int,
    classes: int,
) -> None:
    if hidden is None:
        hidden = instances
    if not semantic.shape == instances.shape == hidden.shape:
        raise UserValueError(
            'Expected the semantic map and the instances to be of one size, '
            f'but got {tuple(semantic.shape)}, {tuple(instances.shape)} and '
            f'{tuple(hidden.shape)}'
        )
    if classes > VOID_LABEL:
        raise UserValueError(
            f'Expected at most {VOID_LABEL} classes, as {VOID_LABEL} is void '
            f'in ids of segments, but got {classes}'
        )
    if count >= LABEL_DIVISOR:
        raise UserValueError(
            f'Expected fewer than {LABEL_DIVISOR} instances in an image, as '
            f'ids are class * {LABEL_DIVISOR} + number, but got {count}: '
            'raise the score threshold or lower top_k'
        )
