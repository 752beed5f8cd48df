import torch
from mmengine.optim import build_optim_wrapper
from torch import nn


def build(model, kind='AutocastOptimWrapper', **kwargs):
    return build_optim_wrapper(
        model, dict(type=kind, optimizer=dict(type='SGD', lr=0.1), **kwargs)
    )


def test_forward_runs_in_bfloat16_and_weights_stay_float32():
    model = nn.Linear(8, 4)
    wrapper = build(model)
    with wrapper.optim_context(model):
        out = model(torch.randn(2, 8))
        assert out.dtype == torch.bfloat16
        loss = nn.functional.cross_entropy(out, torch.tensor([0, 3]))
    assert loss.dtype == torch.float32
    before = model.weight.detach().clone()
    wrapper.update_params(loss)
    assert model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)
    assert not torch.is_autocast_enabled('cpu')


def test_step_is_close_to_the_one_in_float32():
    steps = []
    for kind in ('AutocastOptimWrapper', 'OptimWrapper'):
        torch.manual_seed(0)
        model = nn.Linear(64, 8)
        before = model.weight.detach().clone()
        wrapper = build(model, kind)
        inputs, label = torch.randn(32, 64), torch.arange(32) % 8
        with wrapper.optim_context(model):
            loss = nn.functional.cross_entropy(model(inputs), label)
        wrapper.update_params(loss)
        steps.append(model.weight.detach() - before)
    assert not torch.equal(*steps)
    assert (steps[0] - steps[1]).norm() < 0.02 * steps[1].norm()


def test_clipping_and_accumulation_are_those_of_mmengine():
    model = nn.Linear(8, 4)
    wrapper = build(
        model, accumulative_counts=2, clip_grad=dict(max_norm=1e-3)
    )
    before = model.weight.detach().clone()
    for i in range(2):
        with wrapper.optim_context(model):
            loss = model(torch.randn(2, 8)).float().square().sum()
        wrapper.update_params(loss)
        assert torch.equal(model.weight, before) == (i == 0)
    assert (model.weight - before).norm() <= 0.1 * 1e-3 + 1e-6
