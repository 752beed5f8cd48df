"""The copy that a dry run trains in place of the run."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict, PolyLR

from mmseg_balance.runs.dry_run.run_copy import copy_run


def scheduled(module):
    """Optimizer of a module, with a schedule, which replaces its step."""
    wrapper = OptimWrapper(torch.optim.SGD(module.parameters(), lr=1.0))
    PolyLR(wrapper, begin=0, end=9, by_epoch=False)
    return wrapper


@pytest.mark.parametrize('several', [False, True])
def test_steps_move_the_copy_alone(several):
    model = torch.nn.ModuleDict(dict(student=torch.nn.Linear(2, 1)))
    wrapper = scheduled(model.student)
    if several:
        wrapper = OptimWrapperDict(student=wrapper)
    runner = SimpleNamespace(model=model, optim_wrapper=wrapper, hooks=[])
    before = model.student.weight.detach().clone()
    run = copy_run(runner)
    own, copied = runner.optim_wrapper, run.optim_wrapper
    if several:
        own, copied = own['student'], copied['student']
    copied.update_params(run.model.student(torch.ones(1, 2)).sum())
    assert torch.equal(run.model.student.weight, before - 1)
    assert torch.equal(model.student.weight, before)
    assert own._global_step == -1
    own.update_params(model.student(torch.ones(1, 2)).sum())
    assert torch.equal(model.student.weight, before - 1)
    assert own._global_step == 0


def test_a_step_of_another_kind_is_not_copied():
    model = torch.nn.Linear(2, 1)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1.0))
    wrapper.step = lambda: None
    runner = SimpleNamespace(model=model, optim_wrapper=wrapper, hooks=[])
    with pytest.raises(TypeError, match='step of the optimizer'):
        copy_run(runner)
