"""Fixed class weights, and losses of source labels alone."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from sklearn.metrics import log_loss

WEIGHT = [0.5, 2.0, 0.0, 1.25]
LOSSES = [
    dict(type='WeightedCrossEntropyLoss'),
    dict(type='SoftmaxFocalLoss', focal_gamma=1.5),
    dict(type='GBWLoss'),
    dict(type='GBWLoss', class_means=True),
    dict(type='LBWLoss', num_classes=4),
    dict(type='InverseFrequencyLoss', num_classes=4, counts=[9, 4, 3, 7]),
    dict(type='LogitAdjustmentLoss', num_classes=4, counts=[9, 4, 3, 7]),
    dict(type='SeesawLoss', num_classes=4),
]


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def batch():
    logits = torch.randn(2, 4, 5, 6)
    labels = torch.randint(4, (2, 5, 6))
    labels[0, :2] = 255
    return logits, labels, torch.rand(2, 5, 6)


def build(loss, **kwargs):
    return MODELS.build({**loss, **kwargs})


def test_weighted_cross_entropy_agrees_with_sklearn():
    logits, labels, weight = batch()
    loss = build(LOSSES[0], class_weight=WEIGHT, loss_weight=0.5)
    known = labels != 255
    probs = logits.double().softmax(1).movedim(1, -1)[known]
    shares = torch.tensor(WEIGHT).double()[labels[known]] * weight[known]
    total = log_loss(
        labels[known], probs, sample_weight=shares, labels=range(4)
    )
    expected = 0.5 * total * float(shares.sum()) / labels.numel()
    found = loss(logits, labels, weight=weight)
    assert float(found) == pytest.approx(expected, rel=1e-5)
    assert loss.loss_name == 'loss_ce'
    assert not loss.state_dict()


@pytest.mark.parametrize('loss', LOSSES, ids=lambda x: x['type'])
def test_every_pixel_loss_takes_fixed_class_weights(loss):
    logits, labels, weight = batch()
    neutral = build(loss, class_weight=[1.0] * 4).eval()
    fixed = build(loss, class_weight=WEIGHT).eval()
    args = dict(weight=weight, reduction_override='none')
    plain = neutral(logits, labels, **args)
    known = labels != 255
    factor = torch.tensor(WEIGHT)[labels.masked_fill(~known, 0)] * known
    expected = plain * factor
    torch.testing.assert_close(fixed(logits, labels, **args), expected)
    torch.testing.assert_close(
        fixed(logits, labels, weight=weight), expected.mean()
    )


@pytest.mark.parametrize(
    'value',
    [[], [0, 0.0], [1, -1], [1, float('nan')], 'file.npy', 2.0, [True]],
)
def test_class_weights_that_are_none(value):
    with pytest.raises(ValueError, match='`class_weight` of WeightedCross'):
        build(LOSSES[0], class_weight=value)


def test_class_weights_of_another_number():
    loss = build(LOSSES[0], class_weight=[1.0, 2.0])
    logits, labels, _ = batch()
    with pytest.raises(ValueError, match='has 2 numbers.*gives 4 logits'):
        loss(logits, labels)


@pytest.mark.parametrize(
    'criterion',
    [
        dict(type='DiceLoss'),
        dict(type='LovaszLoss', reduction='none'),
        dict(type='TverskyLoss', loss_weight=3.0),
    ],
    ids=lambda x: x['type'],
)
def test_a_loss_of_regions_on_source_labels_alone(criterion):
    logits, labels, weight = batch()
    loss = build(dict(type='SourceLoss', criterion=criterion))
    plain = build(criterion)
    assert loss.loss_name == plain.loss_name
    found = loss(logits, labels)
    assert found == plain(logits, labels, ignore_index=255) and found > 0
    mask = torch.zeros_like(labels, dtype=torch.bool)
    assert loss(logits, labels, weight=weight, target_mask=mask) == 0
    assert loss(logits, labels, weight=weight, collect=False) == 0
    empty = loss(logits, torch.full_like(labels, 255))
    assert empty.shape == () and empty.isfinite()
