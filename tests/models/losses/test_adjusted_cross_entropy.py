"""The loss in one go, against offsets, adjustment and F.cross_entropy."""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from mmseg.registry import MODELS

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.offsets.reference.adjustment import adjusted_logits
from mmseg_balance.logits.offsets.tables import table_lookup
from mmseg_balance.logits.offsets.tables.fused_lookup import adjust_by_table
from mmseg_balance.models.losses import BLDALoss
from mmseg_balance.models.losses import adjusted_cross_entropy as module
from mmseg_balance.models.losses.adjusted_cross_entropy import (
    adjusted_cross_entropy,
)


def table_of(classes, seed=0, narrow=False, fitted=1.0):
    """A table of two domains; narrow components make refined cells count."""
    draw = torch.Generator().manual_seed(seed)
    banks = [GaussianMixtureBank((classes, classes)) for _ in range(2)]
    for bank in banks:
        bank.means.normal_(0, 3, generator=draw)
        bank.variances.uniform_(0.5, 4, generator=draw)
        if narrow:  # logit 1 alone
            bank.variances[:, 1, :2] = 1e-4
        drawn = torch.rand(bank.num_updates.shape, generator=draw)
        bank.num_updates.copy_(drawn < fitted)
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[6.0], [-2.0]])
    return OffsetTable.build(banks, anchors, grid_size=64)


def batch(classes, seed=0, size=(5, 7), images=2, ignored=0.2):
    draw = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(images, classes, *size, generator=draw)
    labels = torch.randint(classes, (images, *size), generator=draw)
    chance = torch.rand(labels.shape, generator=draw)
    domain = torch.rand(labels.shape, generator=draw) < 0.5
    return logits, labels.masked_fill(chance < ignored, 255), domain


def composed(logits, labels, table, tau, domain, ignore_index, weight):
    """The same in three steps."""
    offset = table.lookup(logits, labels, domain, ignore_index)
    return F.cross_entropy(
        adjusted_logits(logits.float(), offset, tau),
        labels,
        weight=weight,
        ignore_index=ignore_index,
        reduction='none',
    )


def loss_and_gradient(function, logits, *args):
    """Losses, and the gradient of their sum with weights of all signs."""
    leaf = logits.detach().requires_grad_()
    loss = function(leaf, *args)
    loss.backward(torch.linspace(-1, 2, loss.numel()).view(loss.shape))
    return loss.detach(), leaf.grad


def compare(logits, *args, **kwargs):
    found = loss_and_gradient(adjusted_cross_entropy, logits, *args)
    expected = loss_and_gradient(composed, logits, *args)
    tolerance = dict(rtol=1e-6, atol=2e-6, equal_nan=True) | kwargs
    assert found[0].dtype == torch.float32
    assert found[1].dtype == logits.dtype
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, **tolerance)
    return found


@given(
    classes=st.sampled_from([2, 3, 19, 40]),
    seed=st.integers(0, 2**31),
    narrow=st.booleans(),
    fitted=st.sampled_from([1.0, 0.7, 0.0]),
    tau=st.sampled_from([0.1, 1.0, 3.0]),
    mixed=st.booleans(),
    weighted=st.booleans(),
    ignore_index=st.sampled_from([255, 1, -100]),
    ignored=st.sampled_from([0.0, 0.2, 1.0]),
    block=st.sampled_from([2**17, 50]),
)
def test_equal_to_offsets_adjustment_and_cross_entropy(
    classes,
    seed,
    narrow,
    fitted,
    tau,
    mixed,
    weighted,
    ignore_index,
    ignored,
    block,
):
    table = table_of(classes, seed, narrow, fitted)
    logits, labels, domain = batch(classes, seed, ignored=ignored)
    labels[labels == 255] = ignore_index
    weight = torch.rand(classes) if weighted else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_lookup, '_CHUNK', block)
        compare(
            logits,
            labels,
            table,
            tau,
            domain if mixed else None,
            ignore_index,
            weight,
        )


@pytest.mark.parametrize(
    'make',
    [
        lambda z: z.to(memory_format=torch.channels_last),
        lambda z: z.bfloat16(),
        lambda z: z.half(),
        lambda z: z.double(),
        lambda z: F.pad(z, (2, 1, 1, 0))[..., 1:, 2:-1],
        lambda z: z.flip(0).flip(0),
        lambda z: z.transpose(2, 3).contiguous().transpose(2, 3),
    ],
)
def test_logits_of_any_layout_and_type(make):
    logits, labels, domain = batch(6)
    # in half precision both are rounded once, to one of two neighbours
    loose = {} if make(logits).element_size() > 2 else dict(rtol=1e-2)
    _, gradient = compare(
        make(logits), labels, table_of(6), 0.3, domain, 255, None, **loose
    )
    assert gradient.shape == logits.shape


def test_pixels_without_images():
    logits, labels, domain = batch(5, size=(1, 1), images=40)
    rows = (t.flatten(1).squeeze(1) for t in (labels, domain))
    labels, domain = rows
    compare(logits.flatten(1), labels, table_of(5), 0.3, domain, 255, None)


def test_nothing_at_all():
    logits, labels, _ = batch(5, images=0)
    loss, gradient = compare(logits, labels, table_of(5), 0.3, None, 255, None)
    assert loss.shape == labels.shape and gradient.shape == logits.shape


@pytest.mark.parametrize('fitted', [1.0, 0.5])
@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf, 1e38])
def test_logits_that_are_no_numbers(value, fitted):
    logits, labels, domain = batch(5)
    logits[0, 2, 0] = value
    logits[0, 0, 1, :2] = value
    labels[0, 1] = torch.arange(7) % 3
    table = table_of(5, fitted=fitted)
    loss, _ = compare(logits, labels, table, 0.3, domain, 255, None)
    touched = ~logits.isfinite().all(1) | (logits.abs() > 1e30).any(1)
    assert touched.any() and loss[~touched].isfinite().all()
    assert (loss[labels == 255] == 0).all()


@pytest.mark.parametrize('label', [5, -1, 200])
def test_a_label_that_is_no_class(label):
    logits, labels, _ = batch(5)
    labels[1, 2, 3] = label
    args = logits, labels, table_of(5), 0.3, None, 255, None
    for function in (adjusted_cross_entropy, composed):
        with pytest.raises(IndexError, match=f'Target {label} is out of'):
            function(*args)


def test_a_graph_that_is_kept_gives_its_gradient_again():
    logits, labels, domain = batch(5)
    leaf = logits.requires_grad_()
    loss = adjusted_cross_entropy(leaf, labels, table_of(5), 0.3, domain)
    first = torch.autograd.grad(loss.sum(), leaf, retain_graph=True)[0]
    kept = first.clone()
    second = torch.autograd.grad(2 * loss.sum(), leaf)[0]
    assert torch.equal(first, kept)
    torch.testing.assert_close(second, 2 * kept)


def test_a_graph_that_is_kept_beyond_its_table_says_so():
    """The memory of a table is used again after an update."""
    loss = trained(dict(type='CrossEntropyLoss', avg_non_ignore=True))
    logits, labels, _ = batch(5)
    leaf = logits.requires_grad_()
    value = loss(leaf, labels)
    value.backward(retain_graph=True)
    first = leaf.grad.clone()
    value.backward(retain_graph=True)
    torch.testing.assert_close(leaf.grad, 2 * first)
    loss.update_statistics()
    loss(logits, labels)
    with pytest.raises(RuntimeError, match='before update_statistics'):
        value.backward()


def test_nothing_is_kept_without_gradient():
    logits, labels, domain = batch(5)
    args = labels, table_of(5), 0.3, domain
    with torch.no_grad():
        loss = adjusted_cross_entropy(logits.requires_grad_(), *args)
    assert not loss.requires_grad
    torch.testing.assert_close(
        loss, adjusted_cross_entropy(logits, *args).detach()
    )


def trained(criterion, classes=5, **kwargs):
    loss = BLDALoss(classes, tau=0.5, criterion=criterion, min_samples=5)
    for seed in range(3):
        logits, labels, domain = batch(classes, seed, size=(16, 16))
        loss(logits.requires_grad_(), labels)
        loss(logits, labels, target_mask=domain)
        loss.update_statistics()
    return loss


@pytest.mark.parametrize(
    'settings',
    [
        {},
        dict(avg_non_ignore=True),
        dict(reduction='sum', loss_weight=3.0),
        dict(reduction='none'),
        dict(reduction='none', class_weight=[1.0, 2.0, 0.5, 0.0, 1.5]),
    ],
)
@pytest.mark.parametrize(
    'call', [{}, dict(avg_factor=7.0), dict(reduction_override='none')]
)
def test_mmsegmentation_weights_and_averages(settings, call, monkeypatch):
    if 'avg_factor' in call and settings.get('reduction') == 'sum':
        pytest.skip('refused by MMSegmentation')
    loss = trained(dict(type='CrossEntropyLoss', **settings))
    logits, labels, domain = batch(5, 7)
    weight = torch.rand(labels.shape)

    def value():
        leaf = logits.detach().requires_grad_()
        found = loss(
            leaf,
            labels,
            weight=weight,
            target_mask=domain,
            collect=False,
            **call,
        )
        found.square().sum().backward()
        return found.detach(), leaf.grad

    seen = []
    original = module.chunked_cross_entropy
    monkeypatch.setattr(
        module,
        'chunked_cross_entropy',
        lambda *a: seen.append(1) or original(*a),
    )
    found = value()
    assert seen == [1]
    monkeypatch.setattr(
        'mmseg_balance.models.losses.blda_loss.takes_adjusted_logits',
        lambda _: False,
    )
    expected = value()
    assert seen == [1]
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


class OwnCrossEntropy(MODELS.get('mmseg.CrossEntropyLoss')):
    """A user's, which may do anything with the logits."""

    def forward(self, cls_score, *args, **kwargs):
        return super().forward(cls_score * 2, *args, **kwargs)


@pytest.mark.parametrize(
    'criterion', ['sigmoid', 'own', 'no table', 'source alone']
)
def test_other_criteria_get_tensors(criterion, monkeypatch):
    monkeypatch.setattr(module, 'chunked_cross_entropy', None)
    kind = dict(type='CrossEntropyLoss', use_sigmoid=criterion == 'sigmoid')
    loss = BLDALoss(
        5,
        criterion=kind,
        grid_size=None if criterion == 'no table' else 64,
        adjust='source' if criterion == 'source alone' else 'all',
    )
    if criterion == 'own':
        loss.criterion = OwnCrossEntropy()
    logits, labels, domain = batch(5)
    assert loss(logits, labels, target_mask=domain).isfinite()


def test_what_is_no_tensor_says_so():
    logits, labels, _ = batch(5)
    adjusted = module.AdjustedLogits(logits, table_of(5), 0.3)
    with pytest.raises(TypeError, match='softmax'):
        F.softmax(adjusted, 1)
    with pytest.raises(TypeError, match='cross_entropy'):
        F.cross_entropy(adjusted, labels)


def test_no_more_parts_of_a_compiled_step_than_with_tensors(monkeypatch):
    """A graph ends at the loss, as at the offsets of other criteria."""

    def graphs():
        torch._dynamo.reset()
        torch.manual_seed(0)
        loss, layer = BLDALoss(3, min_samples=1), torch.nn.Conv2d(3, 3, 1)
        count = []

        def backend(graph, inputs):
            count.append(graph)
            return graph.forward

        def step(images, labels):
            return loss(layer(images), labels, collect=False) * 2

        images, labels = torch.randn(2, 3, 8, 8), torch.randint(3, (2, 8, 8))
        value = torch.compile(step, backend=backend)(images, labels)
        torch.testing.assert_close(value, step(images, labels))
        return len(count)

    found = graphs()
    monkeypatch.setattr(
        'mmseg_balance.models.losses.blda_loss.takes_adjusted_logits',
        lambda _: False,
    )
    assert found <= graphs()


def test_the_same_bits_each_time():
    loss = trained(dict(type='CrossEntropyLoss', avg_non_ignore=True))
    logits, labels, domain = batch(5, 7)
    other = copy.deepcopy(loss)
    values = [
        loss_and_gradient(
            lambda z, each=each: each(z, labels, target_mask=domain).view(1),
            logits,
        )
        for each in (loss, loss, other)
    ]
    for value, gradient in values[1:]:
        assert torch.equal(value, values[0][0])
        assert torch.equal(gradient, values[0][1])


@pytest.mark.parametrize('kernels', ['torch', 'triton'])
@pytest.mark.parametrize(
    'change',
    [
        lambda labels: labels.transpose(1, 2),
        lambda labels: labels.unsqueeze(1),
        lambda labels: labels.float(),
    ],
)
def test_labels_that_are_none_are_refused_as_by_pytorch(change, kernels):
    """A kernel would read them in another order, or round them."""
    if kernels == 'triton':
        pytest.importorskip('triton')
    logits, labels, _ = batch(3)
    with pytest.raises(RuntimeError, match='target|expand'):
        adjusted_cross_entropy(
            logits,
            change(labels).contiguous(),
            table_of(3),
            0.1,
            kernels=kernels,
        )


@pytest.mark.parametrize('kernels', ['torch', 'triton'])
@pytest.mark.parametrize('classes', [2, 4])
def test_logits_of_other_classes_are_refused(classes, kernels):
    """A kernel would read beyond the end of the table."""
    logits, labels, _ = batch(classes)
    for compute in (
        lambda table: adjusted_cross_entropy(
            logits, labels, table, 0.1, kernels=kernels
        ),
        lambda table: adjust_by_table(
            table, logits, labels, 0.1, kernels=kernels
        ),
    ):
        with pytest.raises(ValueError, match=f'3 logits.*got {classes}'):
            compute(table_of(3))
