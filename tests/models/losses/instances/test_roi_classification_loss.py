"""Losses of this package on the classifier of a box head."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.paths import ROOT
from helpers.tiny_networks import tiny_mask_rcnn
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from scipy.optimize import minimize

from mmseg_balance.models.losses import GBWLoss, RoIClassificationLoss

CLASSES = 9  # of things, and the background


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def build(loss_weight=1.0, **criterion):
    criterion = dict(type='GBWLoss') | criterion
    return MODELS.build(
        dict(
            type='RoIClassificationLoss',
            criterion=criterion,
            loss_weight=loss_weight,
        )
    )


def regions(seed=0, number=40):
    """Logits, and labels of which most are the background."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(number, CLASSES, generator=generator)
    labels = torch.full((number,), CLASSES - 1)
    labels[: number // 3] = torch.randint(
        4, (number // 3,), generator=generator
    )
    return logits, labels


def squared_gradients(logits, labels, mode):
    """g_c^2 class by class, by autograd."""
    logits = logits.double().clone().requires_grad_()
    pixels = F.cross_entropy(logits, labels, reduction='none')
    losses = [
        pixels[labels == c].sum() / ((labels == c).sum() + 1)
        for c in range(CLASSES)
    ]
    if mode == 'released':
        (gradient,) = torch.autograd.grad(sum(losses), logits)
        return gradient.square().sum(0)
    own = []
    for loss in losses:
        (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)
        own.append(gradient.square().sum())
    return torch.stack(own)


def solved(gradients, value):
    """Eq. 11 by a solver of quadratic programs."""
    gradients = gradients.numpy()
    return minimize(
        lambda w: value * (w**2).sum() - (gradients * w).sum(),
        np.ones(CLASSES),
        jac=lambda w: 2 * value * w - gradients,
        bounds=[(0, None)] * CLASSES,
        constraints=dict(type='eq', fun=lambda w: w.sum() - CLASSES),
        options=dict(ftol=1e-15, maxiter=500),
    ).x


@pytest.mark.parametrize('mode', ['paper', 'released'])
@pytest.mark.parametrize('value', [0.01, 1.0])
def test_gbw_weighs_regions_by_their_gradients(mode, value):
    logits, labels = regions()
    weights = solved(squared_gradients(logits, labels, mode), value)
    assert np.ptp(weights) > 1e-3  # where weights of 1 would not do
    expected = sum(
        weights[label] * -F.log_softmax(z, 0)[label].item()
        for z, label in zip(logits.double(), labels.tolist(), strict=True)
    )
    loss = build(mode=mode, regularization=value)
    found = loss(logits, labels, torch.ones(len(labels)), avg_factor=25.0)
    np.testing.assert_allclose(found.item(), expected / 25, rtol=2e-5)


@pytest.mark.parametrize(
    'criterion',
    [
        dict(regularization=1e9),  # so large that all weights are 1
        dict(type='WeightedCrossEntropyLoss', class_weight=[1.0] * CLASSES),
        dict(type='SoftmaxFocalLoss', focal_gamma=0.0),
    ],
)
@pytest.mark.parametrize('factor', [None, 17.0])
def test_with_weights_of_1_it_is_the_cross_entropy(criterion, factor):
    logits, labels = regions(1)
    weight = torch.rand(len(labels))
    results = []
    for kind in ('ours', 'plain'):
        z = logits.clone().requires_grad_()
        if kind == 'ours':
            value = build(**criterion)(z, labels, weight, avg_factor=factor)
        else:
            pixels = F.cross_entropy(z, labels, reduction='none') * weight
            value = pixels.sum() / (factor or len(labels))
        value.backward()
        results.append((value.detach(), z.grad))
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-7)


def test_the_reductions():
    logits, labels = regions()
    loss = build(loss_weight=0.5)
    each = loss(logits, labels, reduction_override='none')
    assert each.shape == labels.shape
    total = loss(logits, labels, avg_factor=3, reduction_override='sum')
    torch.testing.assert_close(total, each.sum())
    torch.testing.assert_close(loss(logits, labels), each.mean())
    torch.testing.assert_close(
        each, build()(logits, labels, reduction_override='none') / 2
    )
    with pytest.raises(ValueError, match="`reduction_override`.*'max'"):
        loss(logits, labels, reduction_override='max')


def test_only_one_class_or_no_region():
    loss = build()
    for labels in (torch.full((5,), CLASSES - 1), torch.zeros(0).long()):
        logits = torch.randn(len(labels), CLASSES, requires_grad=True)
        value = loss(logits, labels, avg_factor=1.0)
        value.backward()
        assert value.isfinite() and logits.grad.isfinite().all()
        if len(labels):  # weights of the classes that occur have mean 1
            plain = F.cross_entropy(logits, labels, reduction='sum')
            torch.testing.assert_close(value, plain)


def test_the_weights_are_noted_in_training_alone():
    loss, (logits, labels) = build(), regions()
    logits.requires_grad_()
    loss.eval()(logits, labels)
    assert loss.criterion.history.take() == {}
    loss.train()(logits, labels)
    (taken,) = loss.criterion.history.take().items()
    assert taken[0] == 'source' and len(taken[1]['mean']) == CLASSES


def test_what_weighs_no_pixels_is_refused():
    for kind in ('CrossEntropyLoss', 'BLDALoss'):
        settings = dict(num_classes=9) if kind == 'BLDALoss' else {}
        with pytest.raises(TypeError, match=f'criterion of RoI.*{kind}'):
            build(type=kind, **settings)


def test_counts_are_of_regions():
    kind = dict(type='InverseFrequencyLoss', num_classes=CLASSES)
    with pytest.raises(ValueError, match="criterion.counts='online'"):
        build(**kind)
    loss, (logits, labels) = build(**kind, counts='online').train(), regions()
    loss(logits.requires_grad_(), labels).backward()
    loss.criterion.update_statistics()
    expected = torch.bincount(labels, minlength=CLASSES)
    assert torch.equal(loss.criterion.counts.pixels, expected.double())


def test_a_sigmoid_is_refused():
    with pytest.raises(ValueError, match='use_sigmoid of RoI.*softmax'):
        RoIClassificationLoss(dict(type='GBWLoss'), use_sigmoid=True)


def test_in_the_branch_of_a_config():
    """The base file is merged into MMDetection's loss, key by key."""
    pytest.importorskip('mmdet')
    base = Config.fromfile(ROOT / 'configs/_base_/balance/gbw-roi.py')
    changes = base.balance_model.segmentor.instance_head
    head = MODELS.build(tiny_mask_rcnn(things=(2, 3), **changes))
    loss = head.roi_head.bbox_head.loss_cls
    assert isinstance(loss.criterion, GBWLoss)
    assert loss.criterion.mode == 'released' and loss.loss_weight == 1


def test_in_the_box_head_of_mmdet():
    """The value of its own loss where all weights are 1."""
    pytest.importorskip('mmdet')
    from mmdet.models import Shared2FCBBoxHead

    logits, labels = regions()
    args = [
        logits,
        None,
        torch.zeros(len(labels), 5),
        labels,
        torch.ones(len(labels)),
        torch.zeros(len(labels), 4),
        torch.zeros(len(labels), 4),
    ]
    values = []
    for loss_cls in (
        dict(type='mmdet.CrossEntropyLoss'),
        dict(
            type='mmseg.RoIClassificationLoss',
            criterion=dict(type='GBWLoss', regularization=1e9),
        ),
        dict(
            type='mmseg.RoIClassificationLoss', criterion=dict(type='GBWLoss')
        ),
    ):
        head = Shared2FCBBoxHead(
            in_channels=2,
            fc_out_channels=4,
            num_classes=CLASSES - 1,
            bbox_coder=dict(type='mmdet.DeltaXYWHBBoxCoder'),
            loss_cls=loss_cls,
            loss_bbox=dict(type='mmdet.L1Loss'),
            reg_predictor_cfg=dict(type='mmdet.Linear'),
            cls_predictor_cfg=dict(type='mmdet.Linear'),
        )
        values.append(head.loss(*args)['loss_cls'])
    assert isinstance(head.loss_cls, RoIClassificationLoss)
    torch.testing.assert_close(values[0], values[1], rtol=1e-6, atol=0)
    assert abs(values[2] - values[0]) > 0.01 * values[0]
