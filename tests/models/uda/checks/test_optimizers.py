"""Parameters of objectives that two optimizers would move, or none."""

from contextlib import nullcontext

import pytest
from torch import nn

from mmseg_balance.models.uda import Objective
from mmseg_balance.models.uda.checks import optimizers


class Learning(Objective):
    prefix = 'learning'
    optimizer_name = 'student'
    needs_target = False

    def forward(self, student, step):
        """Nothing."""


class KeepsTheStudent(Learning):
    def attach(self, student):
        self.student = student


class TakesTheClassifier(Learning):
    optimizer_name = 'critic'

    def attach(self, student):
        self.net = student.decode_head.conv_seg

    def around(self, student, objective):
        return nullcontext()

    def own_losses(self, record):
        """Nothing."""


@pytest.mark.parametrize(
    'kind, parameter',
    [
        (KeepsTheStudent, 'student.backbone.layers.0.weight'),
        (TakesTheClassifier, 'net.weight'),
    ],
)
def test_what_would_be_moved_twice_is_refused(build, kind, parameter):
    with pytest.raises(
        TypeError, match=f'{kind.__name__}.* {parameter}, .* the student'
    ):
        build('UDASegmentor', objectives=[kind()])


@pytest.mark.parametrize(
    'name, trained, is_said',
    [(None, True, True), (None, False, False), ('student', True, False)],
)
def test_what_nothing_moves_is_said(
    build, monkeypatch, name, trained, is_said
):
    class Still(Learning):
        optimizer_name = name

        def attach(self, student):
            self.net = nn.Conv2d(4, 1, 1).requires_grad_(trained)

    lines = []
    monkeypatch.setattr(
        optimizers, 'print_log', lambda line, *_: lines.append(line)
    )
    build('UDASegmentor', objectives=[Still()])
    assert len(lines) == is_said
    assert all(
        'Still has parameters' in line and '(net.weight, net.bias)' in line
        for line in lines
    )


@pytest.mark.parametrize('passes', [(), (0,), 2])
def test_passes_that_there_are_not(build, passes):
    class Never(Learning):
        sam_passes = passes

    with pytest.raises(ValueError, match='`sam_passes` of Never'):
        build('UDASegmentor', objectives=[Never()])
