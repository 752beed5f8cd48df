"""The sampling kernels, interpreted, against what PyTorch draws."""

import pytest
import torch

from mmseg_balance.logits.kernels import choice
from mmseg_balance.logits.statistics.sampling import (
    batch,
    batch_labels,
    fused,
    sample_batch,
)

pytest.importorskip('triton')

CLASSES = 4


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch):
    monkeypatch.setenv('TRITON_INTERPRET', '1')
    # a batch of these tests has more pixels than the anchors draw
    for module in (batch, fused):
        monkeypatch.setattr(module, 'ANCHOR_SAMPLES', 40)
    choice._what_is_missing.cache_clear()
    yield
    choice._what_is_missing.cache_clear()


def make_batch(shape=(2, 7, 9), dtype=torch.float32, classes=CLASSES):
    """Logits with some that are none, and labels of all kinds."""
    torch.manual_seed(0)
    labels = torch.randint(classes - 1, shape)
    labels.view(-1)[:5] = 255
    labels.view(-1)[5:8] = classes - 1  # a class of too few pixels
    labels.view(-1)[8] = -3
    labels.view(-1)[9] = classes + 5
    logits = (torch.randn(shape[0], classes, *shape[1:]) * 3).to(dtype)
    flat = logits.view(-1)
    flat[::17], flat[1::19], flat[2::23] = torch.nan, torch.inf, -2e6
    return logits, labels


def drawn(logits, labels, kernels, domain='source', **settings):
    """What is sampled, as full tensors; the state of the draws after it."""
    torch.manual_seed(1)
    found = sample_batch(
        logits, labels, domain, min_samples=10, kernels=kernels, **settings
    )
    full = {}
    for name, (values, rows) in found.items():
        full[name] = values
        if rows is not None:
            shape = (logits.shape[1], *values.shape[1:])
            full[name] = values.new_full(shape, torch.nan)
            full[name][rows] = values
    return full, torch.rand(1)


def assert_same(found, expected):
    """Equal where PyTorch's has samples, and nothing beyond."""
    for name, values in expected[0].items():
        ours = found[0][name]
        size = values.shape[-1]
        torch.testing.assert_close(
            ours[..., :size], values, rtol=0, atol=0, equal_nan=True
        )
        assert ours[..., size:].isnan().all()
        assert ours.dtype == torch.float32
    assert found[0].keys() == expected[0].keys()
    assert torch.equal(found[1], expected[1])


@pytest.mark.parametrize(
    'layout', ['planes', 'channels_last', 'part', 'expanded']
)
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_the_same_samples_of_any_layout(layout, dtype):
    logits, labels = make_batch(dtype=dtype)
    if layout == 'channels_last':
        logits = logits.contiguous(memory_format=torch.channels_last)
    elif layout == 'part':
        wide = torch.randn(2, CLASSES + 1, 9, 11).to(dtype)
        wide[:, 1:, 1:-1, 2:] = logits
        logits = wide[:, 1:, 1:-1, 2:]
    elif layout == 'expanded':
        logits = logits[:1].expand(2, -1, -1, -1)
    labels = batch_labels(labels, CLASSES, kernels='torch')
    expected = drawn(logits, labels, 'torch')
    assert expected[0]['source'].isnan().any()  # and not all of them
    assert expected[0]['source'].isfinite().float().mean() > 0.5
    assert_same(drawn(logits, labels, 'triton'), expected)


@pytest.mark.parametrize(
    'shape', [(120,), (2, 60), (2, 3, 4, 5), (1, 1, 30), (3, 0, 2)]
)
def test_the_same_samples_of_any_shape(shape):
    torch.manual_seed(0)
    labels = torch.randint(3, shape)
    logits = torch.randn(shape[0], 3, *shape[1:])
    labels = batch_labels(labels, 3, kernels='torch')
    if not labels.numel():
        found, _ = drawn(logits, labels, 'triton')
        assert found['source'].shape == (3, 3, 0)
        return
    expected = drawn(logits, labels, 'torch')
    assert_same(drawn(logits, labels, 'triton'), expected)


@pytest.mark.parametrize(
    'domain, settings',
    [
        ('target', dict(anchor='target')),
        ('target', dict()),
        ('source', dict(anchor=1)),
        ('source', dict(anchor=CLASSES - 1)),  # too few pixels
        ('source', dict(max_samples=11)),
    ],
)
def test_the_same_samples_with_any_setting(domain, settings):
    logits, labels = make_batch()
    labels = batch_labels(labels, CLASSES, kernels='torch')
    expected = drawn(logits, labels, 'torch', domain, **settings)
    assert_same(drawn(logits, labels, 'triton', domain, **settings), expected)


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int32, torch.float32])
def test_labels_that_may_be_samples(dtype):
    _, labels = make_batch()
    labels = labels.clamp(min=0).to(dtype)
    weight = torch.rand(labels.shape)
    weight[0, 2:5] = 0
    mask = torch.rand(labels.shape) < 0.6
    for extra in (
        (),
        (weight,),
        (None, mask),
        (weight.transpose(1, 2).contiguous().transpose(1, 2), mask.float()),
        (torch.tensor([0, 1]).view(2, 1, 1), mask[:1]),  # one an image
    ):
        found, expected = (
            batch_labels(labels, CLASSES, *extra, kernels=kernels)
            for kernels in ('triton', 'torch')
        )
        assert found.dtype == torch.int16
        assert torch.equal(found, expected)
    found = batch_labels(labels, CLASSES, None, None, 1, 'triton')
    assert (found[labels == 1] == -1).all() and (found >= 0).any()


def test_more_classes_than_a_kernel_counts(monkeypatch):
    monkeypatch.setattr(fused, 'MAX_CLASSES', 3)
    choice._say.cache_clear()
    logits, labels = make_batch()
    with pytest.warns(UserWarning, match='at most 3 classes, not 4: plain'):
        labels = batch_labels(labels, CLASSES, kernels='triton')
    choice._say.cache_clear()
    assert torch.equal(labels, batch_labels(make_batch()[1], CLASSES))
