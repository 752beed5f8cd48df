"""The table against the direct computation of each logit."""

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable, logit_offset


def bank_with_collapsed_components(num_classes, spread=3.0, num=2):
    """Some of five components at the variance floor, with a third of the
    samples and more between them."""
    bank = GaussianMixtureBank((num_classes, num_classes))
    bank.weights.uniform_(0.1, 1)
    bank.weights.div_(bank.weights.sum(-1, keepdim=True))
    bank.means.normal_(0, spread)
    bank.variances.uniform_(0.2, 4)
    bank.variances[..., 4 - num : 4] = 1e-4
    bank.num_updates.fill_(1)
    return bank


def anchors():
    bank = GaussianMixtureBank((2,))
    bank.means += torch.tensor([[6.0], [-2.0]])
    bank.num_updates.fill_(1)
    return bank


def draw(bank, labels):
    """Logits (N, C, H, W) from the mixtures of their labels' classes."""
    rows = [p[labels] for p in bank.parameters_]
    component = torch.multinomial(rows[0].flatten(0, -2), 1)
    component = component.view(*rows[0].shape[:-1], 1)
    mean, variance = (p.gather(-1, component)[..., 0] for p in rows[1:])
    logits = mean + variance.sqrt() * torch.randn_like(mean)
    return logits.movedim(-1, 1)


@pytest.mark.parametrize('num', [1, 2, 3, 4])
def test_collapsed_components_are_resolved(num):
    bank = bank_with_collapsed_components(19, num=num)
    labels = torch.randint(19, (1, 64, 64))
    logits = draw(bank, labels)
    direct = logit_offset(logits, labels, bank, anchors(), grid_size=None)
    error = (logit_offset(logits, labels, bank, anchors()) - direct).abs()
    assert error.max() < 2e-2
    assert error.mean() < 5e-4


def test_a_collapsed_mixture_and_a_collapsed_anchor():
    bank = bank_with_collapsed_components(2)
    bank.variances.fill_(1e-4)
    bank.means.fill_(1.5)  # a point: the CDF is a step
    anchor = anchors()
    logits = torch.linspace(1.45, 1.55, 101).expand(1, 2, -1)
    labels = torch.zeros(1, 101).long()
    direct = logit_offset(logits, labels, bank, anchor, grid_size=None)
    table = logit_offset(logits, labels, bank, anchor)
    assert (table - direct).abs().max() < 2e-2
    anchor.variances.fill_(1e-4)
    assert logit_offset(logits, labels, bank, anchor).isfinite().all()


def test_one_lookup_serves_two_domains():
    source, target = (bank_with_collapsed_components(4) for _ in range(2))
    labels = torch.randint(4, (2, 8, 8))
    logits = torch.randn(2, 4, 8, 8) * 4
    domain = torch.rand(2, 8, 8) < 0.5
    table = OffsetTable.build([source, target], anchors())
    both = table.lookup(logits, labels, domain)
    apart = [
        OffsetTable.build([bank], anchors()).lookup(logits, labels)
        for bank in (source, target)
    ]
    torch.testing.assert_close(
        both,
        torch.where(domain[:, None], apart[1], apart[0]),
        rtol=0,
        atol=1e-5,
    )


def test_outside_the_clip_range_the_aligned_logit_is_constant():
    bank = bank_with_collapsed_components(2)
    labels = torch.zeros(1, 4).long()
    logits = torch.tensor([[[-80.0, -1e4, 80.0, 1e4]]]).expand(1, 2, 4)
    aligned = logits + logit_offset(logits, labels, bank, anchors())
    torch.testing.assert_close(
        aligned[..., 0], aligned[..., 1], rtol=0, atol=1e-3
    )
    torch.testing.assert_close(
        aligned[..., 2], aligned[..., 3], rtol=0, atol=1e-3
    )
    assert (aligned[..., 0] < aligned[..., 2]).all()


@pytest.mark.parametrize('space', [(), (7,), (2, 3, 4)])
def test_any_number_of_dimensions(space):
    bank = bank_with_collapsed_components(3)
    logits = torch.randn(2, 3, *space)
    labels = torch.randint(3, (2, *space))
    direct = logit_offset(logits, labels, bank, anchors(), grid_size=None)
    table = logit_offset(logits, labels, bank, anchors())
    assert table.shape == logits.shape
    torch.testing.assert_close(table, direct, rtol=0, atol=2e-2)


def test_ignored_pixels_and_unfitted_pairs_have_offset_0():
    bank = bank_with_collapsed_components(3)
    bank.num_updates[1] = 0
    bank.num_updates[2, 0] = 0
    labels = torch.tensor([[0, 1, 2, 255]])
    offset = logit_offset(torch.randn(1, 3, 4), labels, bank, anchors())
    assert (offset[0, :, 0] != 0).all()
    assert (offset[0, :, [1, 3]] == 0).all()
    assert offset[0, 0, 2] == 0 and (offset[0, 1:, 2] != 0).all()


def test_nan_logits_give_no_index_error():
    bank = bank_with_collapsed_components(2)
    logits = torch.full((1, 2, 3), torch.nan)
    logits[0, 0, 0] = torch.inf
    offset = logit_offset(logits, torch.zeros(1, 3).long(), bank, anchors())
    assert offset.shape == logits.shape


def test_half_precision_logits_are_looked_up_in_float32():
    bank = bank_with_collapsed_components(3)
    logits = torch.randn(1, 3, 5).bfloat16()
    labels = torch.randint(3, (1, 5))
    offset = logit_offset(logits, labels, bank, anchors())
    assert offset.dtype == torch.float32
    torch.testing.assert_close(
        offset, logit_offset(logits.float(), labels, bank, anchors())
    )


@pytest.mark.parametrize(
    'kwargs, word',
    [
        (dict(clip=0.5), '`clip`'),
        (dict(clip=-0.1), '`clip`'),
        (dict(grid_size=3), '`grid_size`'),
    ],
)
def test_settings_out_of_range(kwargs, word):
    bank = bank_with_collapsed_components(2)
    with pytest.raises(ValueError, match=word):
        OffsetTable.build([bank], anchors(), **kwargs)


def test_another_number_of_logits():
    table = OffsetTable.build([bank_with_collapsed_components(2)], anchors())
    with pytest.raises(ValueError, match='2 logits.*got 3'):
        table.lookup(torch.randn(1, 3, 2), torch.zeros(1, 2).long())


def test_labels_outside_the_classes_read_no_other_bank():
    banks = [bank_with_collapsed_components(3) for _ in range(2)]
    table = OffsetTable.build(banks, anchors())
    labels = torch.tensor([[0, 3, 5, -1]])
    offset = table.lookup(torch.randn(1, 3, 4), labels)
    assert (offset[..., 0] != 0).all() and (offset[..., 1:] == 0).all()


def test_the_build_has_no_shape_that_depends_on_data():
    """Nothing for which a host would wait for its device."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        bank = GaussianMixtureBank((3, 3)).to('meta')
        anchor = GaussianMixtureBank((2,)).to('meta')
        table = OffsetTable.build([bank, bank], anchor)
        labels = torch.zeros(2, 4, 4, dtype=torch.long, device='meta')
        logits = torch.randn(2, 3, 4, 4, device='meta')
        offset = table.lookup(logits, labels)
        assert offset.shape == (2, 3, 4, 4)


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int8, torch.int16])
def test_labels_of_any_integer_type(dtype):
    bank = bank_with_collapsed_components(3)
    labels = torch.tensor([[0, 1, 2, 100]])
    logits = torch.randn(1, 3, 4)
    for size in (512, None):
        settings = dict(ignore_index=100, grid_size=size)
        expected = logit_offset(logits, labels, bank, anchors(), **settings)
        found = logit_offset(
            logits, labels.to(dtype), bank, anchors(), **settings
        )
        assert torch.equal(found, expected)


@pytest.mark.parametrize('grid_size', [512, None])
def test_labels_outside_the_classes_have_offset_0(grid_size):
    bank = bank_with_collapsed_components(3)
    labels = torch.tensor([[0, -1, 3, 200]])
    offset = logit_offset(
        torch.randn(1, 3, 4), labels, bank, anchors(), grid_size=grid_size
    )
    assert (offset[..., 0] != 0).all() and not offset[..., 1:].any()


@pytest.mark.parametrize('shape', [(0, 3, 4, 4), (1, 3, 0), (0, 3)])
def test_nothing_to_look_up(shape):
    bank = bank_with_collapsed_components(3)
    labels = torch.zeros(shape[0], *shape[2:]).long()
    offset = logit_offset(torch.zeros(shape), labels, bank, anchors())
    assert offset.shape == shape


def test_a_logit_that_a_head_rules_out_keeps_its_offset_of_0():
    """-inf is never a sample, so its pair is never fitted."""
    bank = bank_with_collapsed_components(3)
    bank.num_updates[:, 2] = 0
    logits = torch.randn(1, 3, 5)
    logits[:, 2] = -torch.inf
    labels = torch.zeros(1, 5).long()
    offset = logit_offset(logits, labels, bank, anchors())
    assert not offset[:, 2].any() and offset[:, :2].isfinite().all()
