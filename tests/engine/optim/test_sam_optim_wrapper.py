"""SAM against the public code, and on losses that can be done by hand."""

import pytest
import torch
from helpers.reference import reference, whole_files
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import nn
from torch.nn.functional import cross_entropy

from mmseg_balance.configuration import run_options
from mmseg_balance.engine import SAMOptimWrapper
from mmseg_balance.engine.optim.sam_optim_wrapper import perturbation
from mmseg_balance.errors import UserError

FILES = (
    'classification/sam_plain',
    *whole_files('classification/sam_plain', 'classification/sam_adaptive'),
)


def build(model, rho=0.02, lr=0.1, **kwargs):
    optimizer = kwargs.pop('optimizer', dict(type='SGD', lr=lr))
    return build_optim_wrapper(
        model,
        dict(type='SAMOptimWrapper', rho=rho, optimizer=optimizer, **kwargs),
    )


def step(wrapper, *losses):
    """One step on functions that give the loss of a pass."""
    for number, loss in enumerate(losses, 1):
        with wrapper.pass_context(number):
            loss().backward()
    wrapper.step()
    wrapper.zero_grad()


def flat(tensors):
    return torch.cat([t.detach().flatten() for t in tensors])


@pytest.mark.parametrize('name', FILES)
def test_steps_are_those_of_the_public_code(name):
    case = reference(name)
    net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)).double()
    nn.utils.vector_to_parameters(case['params_before'], net.parameters())
    settings = {k: float(case[k]) for k in ('momentum', 'weight_decay')}
    groups = [
        dict(params=[*net[i].parameters()], lr=float(lr))
        for i, lr in zip((0, 2), case['lrs'][0], strict=True)
    ]
    sgd = torch.optim.SGD(groups, **settings, nesterov=bool(case['nesterov']))
    wrapper = SAMOptimWrapper(
        sgd, rho=float(case['rho']), adaptive=bool(case['adaptive'])
    )
    for i, (x, y) in enumerate(zip(case['X'], case['Y'], strict=True)):
        for group, lr in zip(sgd.param_groups, case['lrs'][i], strict=True):
            group['lr'] = float(lr)
        before = flat(net.parameters())
        for number in (1, 2):
            with wrapper.pass_context(number):
                if number == 2:
                    moved = flat(net.parameters()) - before
                out = net(x)
                loss = cross_entropy(out, y) + 0.1 * out.square().mean()
                loss.backward()
                found = flat(p.grad for p in net.parameters())
            for value, key in ((loss, 'loss'), (found, 'grad')):
                expected = case[f'{key}{number}'][i]
                assert (value - expected).abs().max() < 1e-10, (i, key)
        assert (moved - case['e_w'][i]).abs().max() < 1e-10, i
        wrapper.step()
        wrapper.zero_grad()
        momentum = flat(
            sgd.state[p]['momentum_buffer'] for p in net.parameters()
        )
        for value, key in (
            (flat(net.parameters()), 'params_after'),
            (momentum, 'momentum_after'),
        ):
            assert (value - case[key][i]).abs().max() < 1e-10, (i, key)


@pytest.mark.parametrize('adaptive', [False, True])
def test_step_on_a_quadratic(adaptive):
    """L = w^T A w / 2, whose gradient is A w: all in closed form."""
    torch.manual_seed(0)
    root = torch.randn(4, 4, dtype=torch.double)
    matrix = root @ root.T
    model = nn.Linear(4, 1, bias=False).double()
    weights = model.weight.detach().clone()[0]

    def loss():
        return model.weight[0] @ matrix @ model.weight[0] / 2

    step(build(model, 0.3, adaptive=adaptive), loss, loss)
    gradient = matrix @ weights
    scale = weights if adaptive else torch.ones(4, dtype=torch.double)
    length = sum((s * g) ** 2 for s, g in zip(scale, gradient, strict=True))
    e = 0.3 * scale**2 * gradient / length**0.5
    expected = weights - 0.1 * matrix @ (weights + e)
    torch.testing.assert_close(model.weight[0].detach(), expected)


def test_weights_are_put_back_bit_for_bit():
    model = nn.Linear(50, 40)
    wrapper = build(model, 0.5)
    before = [p.detach().clone() for p in model.parameters()]
    with wrapper.pass_context(1):
        model(torch.randn(8, 50)).square().sum().backward()
    with wrapper.pass_context(2):
        assert all(p.grad is None for p in model.parameters())
        moved = [
            p - b for p, b in zip(model.parameters(), before, strict=True)
        ]
        assert float(flat(moved).norm()) == pytest.approx(0.5, rel=1e-4)
    for parameter, value in zip(model.parameters(), before, strict=True):
        assert torch.equal(parameter, value)


def test_weights_are_put_back_where_a_pass_fails():
    model = nn.Linear(2, 2)
    wrapper = build(model)
    before = model.weight.detach().clone()
    with wrapper.pass_context(1):
        model(torch.ones(1, 2)).sum().backward()
    with (
        pytest.raises(KeyboardInterrupt),
        wrapper.pass_context(2),
    ):
        assert not torch.equal(model.weight, before)
        raise KeyboardInterrupt
    assert torch.equal(model.weight, before)


def test_parameters_without_gradient_stay_as_they_are():
    """What learns in one pass alone is moved by that pass alone."""
    first, second, unused = (nn.Linear(1, 1, bias=False) for _ in range(3))
    model = nn.ModuleList([first, second, unused])
    for part in model:
        nn.init.constant_(part.weight, 2.0)
    step(
        build(model, 0.5),
        lambda: 3 * first.weight.sum(),
        lambda: second.weight.square().sum(),
    )
    # the public code would leave the first one at 2.5
    assert first.weight.item() == 2
    # not moved by e, as it had no part in the first pass: 2 - 0.1 * 2 * 2
    assert second.weight.item() == pytest.approx(1.6)
    assert unused.weight.item() == 2


def test_e_of_no_gradient_is_zero():
    found = perturbation([torch.ones(2)], [torch.zeros(2)], 0.1)
    assert found[0].tolist() == [0, 0]


def test_second_gradient_is_clipped():
    model = nn.Linear(3, 1, bias=False)
    wrapper = build(model, clip_grad=dict(max_norm=1e-3))
    before = model.weight.detach().clone()

    def loss():
        return 100 * model.weight.sum()

    step(wrapper, loss, loss)
    assert (model.weight - before).norm() <= 0.1 * 1e-3 + 1e-6


def test_forward_passes_may_run_in_bfloat16():
    model = nn.Linear(8, 4)
    for dtype, expected in ((None, torch.float32), ('bfloat16', None)):
        wrapper = build(model, dtype=dtype)
        with wrapper.optim_context(model):
            found = model(torch.randn(2, 8)).dtype
        assert found == (expected or torch.bfloat16)


@pytest.mark.parametrize('device', ['cpu', 'cuda'])
def test_amp_is_bfloat16_without_a_scaler(monkeypatch, device):
    monkeypatch.setattr(run_options, 'get_device', lambda: device)
    cfg = Config(dict(optim_wrapper=dict(type='SAMOptimWrapper', rho=0.1)))
    run_options.enable_amp(cfg)
    assert cfg.optim_wrapper == dict(
        type='SAMOptimWrapper', rho=0.1, dtype='bfloat16'
    )


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(accumulative_counts=2), ('accumulative_counts', 'but got 2')),
        (dict(loss_scale='dynamic'), ('loss_scale', "'dynamic'", '--amp')),
        (dict(dtype='float16'), ('dtype', "'float16'", "'bfloat16'")),
        (dict(rho=-0.1), ('`rho` of SAMOptimWrapper', '-0.1')),
    ],
)
def test_what_does_not_go_with_two_passes_is_refused(settings, words):
    with pytest.raises(UserError) as told:
        build(nn.Linear(1, 1), **settings)
    assert all(word in str(told.value) for word in words)


def test_a_step_without_passes_is_refused():
    """A train_step that knows nothing of passes would be plain SGD."""
    model = nn.Linear(1, 1)
    wrapper = build(model)
    with pytest.raises(UserError, match='pass_context'):
        wrapper.update_params(model(torch.ones(1, 1)).sum())
    with pytest.raises(UserError, match='a Linear makes one: set model='):
        wrapper.initialize_count_status(model, 0, 10)
