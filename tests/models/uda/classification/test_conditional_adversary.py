"""CDAN against the public code, and against autograd."""

import pytest
import torch
from helpers.reference import cases, reference, whole_files
from torch import nn
from torch.nn.functional import binary_cross_entropy

from mmseg_balance.models.head_losses.predictions import Prediction
from mmseg_balance.models.uda.classification import JointOutputs
from mmseg_balance.models.uda.classification.conditional_adversary import (
    CDAN,
    domain_discriminator,
    joint_features,
)
from mmseg_balance.models.uda.classification.gradient_reversal import (
    reversal_factor,
    reverse_gradient,
)

FILES = (
    'classification/cdan_bn_entropy',
    'classification/cdan_nobn_plain',
    *whole_files(
        *(
            f'classification/cdan_{norm}_{entropy}'
            for norm in ('bn', 'nobn')
            for entropy in ('plain', 'entropy')
        )
    ),
)


def outputs(logits, features):
    return JointOutputs(
        *(
            Prediction('decode', None, z[..., None, None], features=f)
            for z, f in zip(logits, features, strict=True)
        )
    )


def discriminators(case, start):
    return {
        k.removeprefix(start).replace('__', '.'): v
        for k, v in case.items()
        if k.startswith(start)
    }


@pytest.mark.parametrize('name', FILES)
def test_is_the_public_code(name):
    arrays = reference(name)
    for case in cases(arrays):
        state = discriminators(case, 'disc__')
        hidden, inputs = state['0.weight'].shape
        norms = bool(arrays['batch_norm'])
        term = CDAN(
            hidden, bool(arrays['entropy_conditioning']), batch_norm=norms
        )
        term.discriminator = domain_discriminator(
            inputs, hidden, norms
        ).double()
        term.discriminator.load_state_dict(state)
        term.discriminator.train(norms)
        term.calls.fill_(case['iter'])
        logits, features = (
            [case[f'{k}_{d}'].clone().requires_grad_() for d in 'st']
            for k in 'gf'
        )
        found = term(outputs(logits, features))
        found['loss_cdan'].backward()
        assert abs(found['loss_cdan'].item() - case['value']) < 1e-10
        assert found['acc_domain'] == case['domain_accuracy']
        assert term.calls == case['iter_after']
        assert all(z.grad is None for z in logits)
        for f, d in zip(features, 'st', strict=True):
            assert (f.grad - case[f'grad_f_{d}']).abs().max() < 1e-10
        parts = dict(term.discriminator.named_parameters())
        for key, grad in discriminators(case, 'dgrad__').items():
            assert (parts[key].grad - grad).abs().max() < 1e-10, key
        buffers = dict(term.discriminator.named_buffers())
        for key, value in discriminators(case, 'after__').items():
            assert (buffers[key] - value).abs().max() < 1e-10, key


@pytest.mark.parametrize(
    'name',
    ['classification/cdan_grl', *whole_files('classification/cdan_grl')],
)
def test_factor_is_that_of_the_public_code(name):
    case = reference(name)
    for kind in ('cdan', 'alt'):
        alpha, low, high, units = case[f'{kind}_alpha_lo_hi_max'].tolist()
        for i, expected in zip(
            case['iters'], case[f'{kind}_coeff'], strict=True
        ):
            found = reversal_factor(i, units, alpha, low, high)
            assert abs(found - expected) < 1e-12, (kind, i)


def test_gradients_are_those_of_two_players():
    """The features maximise what the discriminator minimises, by a share."""
    torch.manual_seed(0)
    term = CDAN(hidden=5)
    term.discriminator = domain_discriminator(3 * 4, 5).double()
    logits = [torch.randn(n, 3, dtype=torch.double) for n in (4, 3)]
    features = [torch.randn(n, 4, dtype=torch.double) for n in (4, 3)]
    term.calls.fill_(700)
    given = [f.clone().requires_grad_() for f in features]
    term(outputs(logits, given))['loss_cdan'].backward()
    own = [p.grad.clone() for p in term.discriminator.parameters()]

    plain = torch.cat(features).requires_grad_()
    g = torch.cat(logits).softmax(1)
    product = torch.stack(
        [torch.outer(a, b).flatten() for a, b in zip(g, plain, strict=True)]
    )
    assert torch.equal(product, joint_features(g, plain))
    told = term.discriminator(product)[:, 0].sigmoid()
    domain = torch.tensor([1.0] * 4 + [0.0] * 3, dtype=torch.double)
    loss = binary_cross_entropy(told, domain)
    parameters = [*term.discriminator.parameters()]
    *expected, of_features = torch.autograd.grad(loss, [*parameters, plain])
    for a, b in zip(own, expected, strict=True):
        torch.testing.assert_close(a, b)
    share = 2 / (1 + torch.exp(torch.tensor(-0.7))) - 1
    found = torch.cat([f.grad for f in given])
    torch.testing.assert_close(found, -share.double() * of_features)


def test_gradient_is_reversed():
    values = torch.ones(3, requires_grad=True)
    out = reverse_gradient(values, torch.tensor(0.25))
    assert torch.equal(out, values)
    (out * torch.tensor([1.0, 2.0, 4.0])).sum().backward()
    assert values.grad.tolist() == [-0.25, -0.5, -1.0]


def test_half_precision_is_taken_as_float32():
    term = CDAN(hidden=4)
    term.discriminator = domain_discriminator(6, 4)
    logits = [torch.randn(3, 3).bfloat16() for _ in 'st']
    features = [torch.randn(3, 2).bfloat16() for _ in 'st']
    with torch.autocast('cpu', torch.bfloat16):
        found = term(outputs(logits, features))
    assert found['loss_cdan'].dtype == torch.float32


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(hidden=0), '`hidden` of CDAN to be a whole number'),
        (dict(max_iters=0), '`max_iters` of CDAN'),
        (dict(sam_passes=(3,)), '`sam_passes` of CDAN'),
        (dict(sam_passes=()), '`sam_passes` of CDAN'),
    ],
)
def test_settings_out_of_range(settings, words):
    with pytest.raises(ValueError, match=words):
        CDAN(**settings)


def test_count_of_calls_is_saved():
    term = CDAN(hidden=4)
    term.calls += 7
    other = CDAN(hidden=4)
    other.load_state_dict(term.state_dict())
    assert other.calls == 7 and isinstance(other, nn.Module)
