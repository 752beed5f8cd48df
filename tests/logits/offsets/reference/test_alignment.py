"""Offsets against a direct double loop, scipy and the public code."""

import numpy as np
import pytest
import torch
from helpers.public_banks import load_bank
from helpers.reference import reference, whole_files
from scipy.optimize import brentq
from scipy.stats import norm

from mmseg_balance.logits import (
    GaussianMixtureBank,
    inverse_cdf,
    logit_offset,
    positive_cdf,
)

FILES = (
    'blda_loss_source_C6_r01',
    'blda_loss_mixed_C6_r01',
    *whole_files('blda_loss_source_C19_r01', 'blda_loss_mixed_C19_r01'),
)


def banks(num_classes):
    """A bank and anchors, both fitted, with mixtures of their own."""
    made = []
    for shape in ((num_classes, num_classes), (2,)):
        bank = GaussianMixtureBank(shape)
        bank.weights.uniform_(0.1, 1)
        bank.weights.div_(bank.weights.sum(-1, keepdim=True))
        bank.means.normal_(0, 2)
        bank.variances.uniform_(0.3, 2)
        bank.num_updates.fill_(1)
        made.append(bank)
    return made


def mixture(bank, *index):
    parameters = [p[index].double().numpy() for p in bank.parameters_]
    return lambda z: sum(
        w * norm.cdf(z, m, np.sqrt(v)) for w, m, v in zip(*parameters)
    )


def test_inverse_cdf_is_the_root_that_scipy_finds():
    _, anchors = banks(2)
    p = torch.linspace(0, 1, 41).expand(2, -1)
    found = inverse_cdf(p, *anchors.parameters_, num_points=20000)
    for i in range(2):
        cdf = mixture(anchors, i)
        for probability, z in zip(p[i].clamp(0.01, 0.99), found[i]):
            root = brentq(lambda t: cdf(t) - float(probability), -60, 60)
            assert abs(root - float(z)) < 2e-3


def test_inverse_cdf_agrees_with_the_public_code():
    data = reference('cdf_icdf')
    anchors = load_bank(data, 'anchor_', (2,))
    for clip, name in ((0.01, 'r01'), (0.05, 'r05')):
        found = inverse_cdf(
            data['p'].expand(2, -1), *anchors.parameters_, clip=clip
        )
        for row, sign in zip(found, ('pos', 'neg')):
            torch.testing.assert_close(
                row, data[f'icdf_{sign}_{name}'], rtol=1e-4, atol=1e-4
            )


def test_normal_cdf_agrees_with_the_public_code():
    data = reference('cdf_icdf')
    bank = GaussianMixtureBank((1,), num_components=1)
    torch.testing.assert_close(
        bank.cdf(data['x'][None])[0],
        data['approx_normal_cdf'],
        rtol=1e-4,
        atol=1e-4,
    )


def test_cdf_and_offset_on_a_grid_agree_with_the_public_code():
    data = reference('gmm_cdf_grid')
    bank = load_bank(data, '', (6, 6))
    anchors = load_bank(data, 'anchor_', (2,))
    bank.num_updates.fill_(1)
    grid = data['grid'].expand(6, 6, -1)
    torch.testing.assert_close(
        bank.cdf(grid), data['cdf'], rtol=1e-4, atol=1e-4
    )
    # one image a class, every logit of it runs over the grid
    labels = torch.arange(6)[:, None].expand(6, grid.shape[-1])
    offset = logit_offset(grid, labels, bank, anchors, grid_size=None)
    torch.testing.assert_close(offset, data['delta'], rtol=1e-4, atol=1e-4)


def mixed_reference(data):
    """Logits, labels, target mask and offsets of a call of the public code.

    It takes weight 1 for the source, and leaves pixels of weight 0 out.
    """
    labels = data['label'].clone()
    target = torch.zeros_like(labels, dtype=torch.bool)
    if 'weight' in data:
        target = data['weight'] != 1
        labels[data['weight'] == 0] = 255
    return data['logits'], labels, target, data['delta']


@pytest.mark.parametrize('file', FILES)
@pytest.mark.parametrize('grid_size', [None, 512])
def test_offsets_agree_with_the_public_code(file, grid_size):
    data = reference(file)
    size = (int(data['num_classes']),) * 2
    anchors = load_bank(data, 'a_', (2,))
    logits, labels, target, expected = mixed_reference(data)
    source, other = (
        logit_offset(
            logits,
            labels,
            load_bank(data, p, size),
            anchors,
            grid_size=grid_size,
        )
        for p in ('s_', 't_')
    )
    offset = torch.where(target[:, None], other, source)
    known = (labels != 255)[:, None].expand_as(offset)
    if grid_size is None:
        torch.testing.assert_close(
            offset, expected * known, rtol=1e-4, atol=1e-4
        )
    else:
        error = (offset - expected * known).abs()
        assert error.max() < 2e-2 and error.mean() < 5e-4


@pytest.mark.parametrize('file', FILES)
def test_positive_cdf_agrees_with_the_public_code(file):
    data = reference(file)
    size = (int(data['num_classes']),) * 2
    logits, labels, target, _ = mixed_reference(data)
    (d, valid), (d_target, valid_target) = (
        positive_cdf(logits, labels, load_bank(data, p, size))
        for p in ('s_', 't_')
    )
    d = torch.where(target[:, None], d_target, d)
    valid = torch.where(target[:, None], valid_target, valid)
    known = (labels != 255)[:, None]
    torch.testing.assert_close(d, data['cdf_gt'] * known, rtol=1e-4, atol=1e-4)
    # the public mask is set for ignored pixels too
    assert torch.equal(valid, data['cdf_gt_mask'].bool() & known)


@pytest.mark.parametrize('space', [(), (5,), (3, 4), (2, 3, 2)])
def test_offset_is_that_of_a_double_loop(space):
    num_classes = 3
    bank, anchors = banks(num_classes)
    bank.num_updates[1, 2] = 0
    logits = torch.randn(2, num_classes, *space) * 3
    labels = torch.randint(num_classes, (2, *space))
    labels.view(-1)[0] = 255
    offset = logit_offset(logits, labels, bank, anchors, grid_size=None)
    d, valid = positive_cdf(logits, labels, bank)
    assert offset.shape == logits.shape
    assert d.shape == valid.shape == (2, 1, *space)
    flat = logits.movedim(1, -1).reshape(-1, num_classes)
    offset = offset.movedim(1, -1).reshape(-1, num_classes)
    for pixel, c in enumerate(labels.flatten().tolist()):
        for logit in range(num_classes):
            got = float(offset[pixel, logit])
            if c == 255 or bank.num_updates[c, logit] == 0:
                assert got == 0
                continue
            z = float(flat[pixel, logit])
            p = min(max(mixture(bank, c, logit)(z), 0.01), 0.99)
            anchor = mixture(anchors, 0 if c == logit else 1)
            expected = brentq(lambda t: anchor(t) - p, -60, 60) - z
            assert got == pytest.approx(expected, abs=5e-3)
        if c != 255:
            assert float(d.flatten()[pixel]) == pytest.approx(
                mixture(bank, c, c)(float(flat[pixel, c])), abs=1e-5
            )
    assert torch.equal(valid.flatten(), labels.flatten() != 255)


def test_large_inputs_are_chunked_alike(monkeypatch):
    bank, anchors = banks(3)
    logits = torch.randn(1, 3, 20, 20)
    labels = torch.randint(3, (1, 20, 20))
    whole = logit_offset(logits, labels, bank, anchors, grid_size=None)
    monkeypatch.setattr('mmseg_balance.logits.offsets.offset._CHUNK', 37)
    assert torch.equal(
        whole, logit_offset(logits, labels, bank, anchors, grid_size=None)
    )


@pytest.mark.parametrize('grid_size', [None, 64])
def test_each_pixel_has_the_bank_of_its_domain(grid_size):
    bank, anchors = banks(3)
    other, _ = banks(3)
    logits, labels = torch.randn(2, 3, 9), torch.randint(3, (2, 9))
    both, mask = [bank, other], torch.rand(2, 9) < 0.5
    settings = dict(anchors=anchors, grid_size=grid_size)
    first, second = (
        logit_offset(logits, labels, one, **settings) for one in both
    )
    found = logit_offset(logits, labels, both, domain=mask, **settings)
    expected = torch.where(mask.unsqueeze(1), second, first)
    torch.testing.assert_close(found, expected)
    with pytest.raises(ValueError, match='one bank a domain.* but got 1'):
        logit_offset(logits, labels, bank, domain=mask, **settings)


def test_no_gradient_through_offset_and_cdf():
    bank, anchors = banks(3)
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    labels = torch.randint(3, (1, 4, 4))
    assert not logit_offset(logits, labels, bank, anchors).requires_grad
    assert not positive_cdf(logits, labels, bank)[0].requires_grad


def test_banks_that_do_not_fit():
    bank, anchors = banks(3)
    logits, labels = torch.randn(1, 4, 2), torch.zeros(1, 2).long()
    with pytest.raises(ValueError, match='4 classes.*of 3'):
        logit_offset(logits, labels, bank, anchors)
    with pytest.raises(ValueError, match='`anchors`'):
        logit_offset(logits[:, :3], labels, bank, bank)
    with pytest.raises(ValueError, match=r'\(C, C\)'):
        positive_cdf(logits[:, :3], labels, anchors)
