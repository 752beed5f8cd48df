"""The teacher's course, by hand."""

import pytest
import torch
from torch import nn

from mmseg_balance.models.norm_statistics import (
    kept_norm_statistics,
)
from mmseg_balance.models.uda.teacher.averaging import (
    copy_buffers,
    move_teacher,
    paired_parameters,
    switch_off_dropout,
    teacher_momentum,
)


@pytest.mark.parametrize(
    'iteration, expected',
    [(0, 0), (1, 1 / 2), (2, 2 / 3), (9, 0.9), (10, 0.9), (500, 0.9)],
)
def test_momentum_is_an_average_until_alpha(iteration, expected):
    assert teacher_momentum(iteration, 0.9) == pytest.approx(expected)


def pair():
    own, other = nn.BatchNorm2d(1), nn.BatchNorm2d(1)
    for value, norm in ((4.0, own), (8.0, other)):
        for tensor in (*norm.parameters(), norm.running_mean):
            tensor.data.fill_(value)
    return own, other


def test_the_teacher_keeps_its_share_and_its_buffers():
    teacher, student = pair()
    move_teacher(teacher, student, 0.75)
    assert teacher.weight == teacher.bias == 5
    assert teacher.running_mean == 4
    assert student.weight == 8
    move_teacher(teacher, student, 0)
    assert teacher.weight == 8


def test_parameters_of_several_dtypes_and_shared_ones_move_once():
    networks = []
    for value in (1.0, 3.0):
        net = nn.ModuleDict(
            dict(first=nn.Linear(2, 2), second=nn.Linear(2, 2).double())
        )
        net['third'] = nn.ModuleDict(dict(shared=net['first'], none=None))
        for parameter in net.parameters():
            parameter.data.fill_(value)
        networks.append(net)
    teacher, student = networks
    student['aux'] = nn.Linear(1, 1)  # which the teacher is without
    move_teacher(teacher, student, 0.5)
    assert all((p == 2).all() for p in teacher.parameters())
    names = dict(student.named_parameters())
    expected = [(p, names[k]) for k, p in teacher.named_parameters()]
    found = dict(paired_parameters(teacher, student))
    assert len(found) == len(expected) == 4
    assert all(found[own] is other for own, other in expected)


def test_buffers_are_copied_and_parameters_are_not():
    teacher, student = pair()
    copy_buffers(teacher, student)
    assert teacher.running_mean == 8 and teacher.weight == 4


def test_every_kind_of_dropout_is_switched_off():
    class DropPath(nn.Module):
        drop_prob = 0.5

    module = nn.Sequential(
        nn.Dropout(0.5),
        nn.Sequential(nn.Dropout2d(0.5), DropPath()),
        nn.MultiheadAttention(2, 1, dropout=0.5),
    )
    switch_off_dropout(module)
    assert module[0].p == module[1][0].p == 0
    assert module[1][1].drop_prob == module[2].dropout == 0


def test_norms_that_follow_nothing_stay_so():
    norms = nn.Sequential(
        nn.Sequential(nn.BatchNorm2d(1)),
        nn.BatchNorm2d(1, track_running_stats=False),
    )
    images = torch.randn(2, 1, 3, 3) + 5
    with pytest.raises(KeyError), kept_norm_statistics(norms):
        found = norms(images)
        raise KeyError
    assert abs(found.mean()) < 1e-5  # by the batch
    assert norms[0][0].running_mean == 0
    assert norms[0][0].track_running_stats
    assert not norms[1].track_running_stats
