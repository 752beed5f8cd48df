"""Losses of heads with the weight and domain of each pixel."""

from types import SimpleNamespace

import pytest
import torch
from helpers.stock_configs import small_stock_config
from mmengine.registry import init_default_scope
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import nn
from torch.nn import functional as F

from mmseg_balance.models.decode_heads.scaled_features import ScaledFeatures
from mmseg_balance.models.head_losses import PixelTargets, segmentation_losses
from mmseg_balance.models.head_losses.call_loss import call_loss
from mmseg_balance.models.head_losses.segmentation_loss import (
    PredictionLosses,
    head_losses,
    joined_log,
    loss_values,
)
from mmseg_balance.models.uda.density.density_estimation import (
    DensityEstimation,
)
from mmseg_balance.models.windows import Box


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@MODELS.register_module()
class LossOfAUser(nn.Module):
    """Of the signature that 0.1.0 asked for, without domains."""

    loss_name = 'user_loss'

    def forward(self, cls_score, label, weight=None, ignore_index=255):
        """Cross entropy with weights."""
        loss = F.cross_entropy(
            cls_score, label, reduction='none', ignore_index=ignore_index
        )
        return (loss if weight is None else loss * weight).mean()


@MODELS.register_module()
class ScoreOfAUser(LossOfAUser):
    """A diagnostic: its name has no 'loss'."""

    loss_name = 'score'


def draw_targets(size, classes=4):
    labels = torch.randint(classes, (2, *size))
    labels[:, :3] = 255
    return PixelTargets(
        labels, torch.rand(2, *size), torch.rand(2, *size) < 0.5
    )


@pytest.mark.parametrize(
    'name', ['segformer', 'upernet', 'pspnet', 'deeplabv3plus']
)
def test_stock_networks_with_density_and_a_loss_of_0_1_0(name):
    """Against the sums written out, on heads of MMSegmentation's wheel."""
    cfg = small_stock_config(name, (64, 64)).model
    cfg.decode_head.update(num_classes=4, norm_cfg=dict(type='BN'))
    if 'auxiliary_head' in cfg:
        cfg.backbone.norm_cfg = dict(type='BN')
        cfg.auxiliary_head.update(num_classes=4, norm_cfg=dict(type='BN'))
    cfg.decode_head.loss_decode = [
        dict(type='BLDALoss', num_classes=4, min_samples=20),
        dict(type='LossOfAUser'),
        dict(type='ScoreOfAUser'),
    ]
    model = MODELS.build(cfg).train()
    head = model.decode_head
    density = DensityEstimation(head)
    targets = draw_targets((64, 64))
    features = model.extract_feat(torch.randn(2, 3, 64, 64))
    for _ in range(2):
        # the second time with distributions
        head.loss_decode[0].update_statistics()
        torch.manual_seed(0)
        found = segmentation_losses(model, features, targets, density=density)
    entered, cls_seg = [], head.cls_seg
    head.cls_seg = lambda feat: entered.append(feat) or cls_seg(feat)
    torch.manual_seed(0)
    logits = resize(
        head.forward(features),
        size=(64, 64),
        mode='bilinear',
        align_corners=head.align_corners,
    )
    entropy = F.cross_entropy(
        logits, targets.labels, reduction='none', ignore_index=255
    )
    expected = (entropy * targets.weight).mean()
    torch.testing.assert_close(found['decode.user_loss'], expected)
    torch.testing.assert_close(found['decode.score'], expected)
    expected = density(
        head,
        entered[0],
        logits,
        targets.labels,
        targets.weight,
        targets.target_mask,
    )
    assert expected > 0
    torch.testing.assert_close(found['decode.loss_density'], expected)
    assert list(found)[:5] == [
        'decode.loss_blda',
        'decode.user_loss',
        'decode.score',
        'decode.acc_seg',
        'decode.loss_density',
    ]


def test_losses_are_weighed_and_the_rest_is_not():
    """The names do not matter: of a loss, of a diagnostic, of a prediction."""
    one = torch.ones(())
    parts = [
        PredictionLosses('decode', dict(my_loss=one), dict(acc=one), one),
        PredictionLosses('lossy', dict(loss_ce=one), dict(score=one)),
    ]
    assert joined_log(p.scaled(0.5) for p in parts) == {
        'decode.my_loss': 0.5,
        'decode.acc': 1,
        'decode.loss_density': 1,
        'lossy.loss_ce': 0.5,
        'lossy.score': 1,
    }


def small_model(**kwargs):
    """HRDA over the smallest of heads, and what it is given."""
    head = dict(
        type='FCNHead', in_channels=3, in_index=0, channels=4, num_convs=0
    )
    head.update(kernel_size=1, concat_input=False, channels=3)
    model = nn.Module()
    model.with_auxiliary_head = False
    model.decode_head = MODELS.build(
        dict(
            type='HRDAHead',
            head=dict(head, dropout_ratio=0),
            attention=0.5,
            num_classes=4,
            **kwargs,
        )
    )
    box = Box(4, 12, 0, 8)
    features = ScaledFeatures(
        [torch.randn(2, 3, 4, 4)],
        [[torch.randn(2, 3, 4, 4)]],
        [box],
        (16, 16),
        step=4,
    )
    return model, features, box


def test_the_detail_has_weight_and_domain_of_its_crop():
    loss = [dict(type='LossOfAUser'), dict(type='ScoreOfAUser')]
    model, features, box = small_model(
        loss_decode=loss, detail_loss_weight=0.25
    )
    targets = draw_targets((16, 16))
    found = segmentation_losses(model, features, targets)
    detail = model.decode_head.head
    logits = resize(
        detail.forward(features.detail[0]), size=(8, 8), mode='bilinear'
    )
    entropy = F.cross_entropy(
        logits,
        targets.labels[:, 4:12, :8],
        reduction='none',
        ignore_index=255,
    )
    expected = (entropy * targets.weight[:, 4:12, :8]).mean()
    torch.testing.assert_close(
        found['decode.detail.user_loss'], 0.25 * expected
    )
    torch.testing.assert_close(found['decode.detail.score'], expected)
    crop = targets.crop(box)
    assert torch.equal(crop.target_mask, targets.target_mask[:, 4:12, :8])
    assert PixelTargets(targets.labels).crop(box).weight is None


def test_calls_of_0_1_0_mean_the_same():
    model, features, _ = small_model(
        loss_decode=[dict(type='CrossEntropyLoss'), dict(type='LossOfAUser')]
    )
    targets = draw_targets((16, 16))
    parts = targets.labels, targets.weight, targets.target_mask
    expected = segmentation_losses(model, features, targets, collect=False)
    for found in (
        segmentation_losses(model, features, *parts, False),
        segmentation_losses(
            model,
            features,
            labels=targets.labels,
            weight=targets.weight,
            target_mask=targets.target_mask,
        ),
    ):
        assert list(found) == list(expected)
        assert all(torch.equal(found[k], expected[k]) for k in found)
    with pytest.raises(TypeError, match='but got them beside it'):
        segmentation_losses(model, features, targets, targets.weight)
    head, logits = model.decode_head, torch.randn(2, 4, 16, 16)
    with pytest.warns(DeprecationWarning, match='loss_values'):
        old = head_losses(head, logits, *parts)
    values = loss_values(head, logits, targets)
    assert list(old) == [*values, 'acc_seg']
    assert all(torch.equal(old[k], values[k]) for k in values)


@pytest.mark.parametrize('given', [None, 0.5])
def test_a_sampler_multiplies_the_weights(given):
    head = MODELS.build(
        dict(
            type='FCNHead',
            in_channels=3,
            channels=4,
            num_classes=4,
            loss_decode=dict(type='LossOfAUser'),
        )
    )
    labels = torch.randint(4, (2, 8, 8))
    drawn = (torch.rand(2, 8, 8) < 0.5).float()
    head.sampler = SimpleNamespace(sample=lambda logits, labels: drawn)
    weight = None if given is None else torch.full((2, 8, 8), given)
    logits = torch.randn(2, 4, 8, 8)
    found = loss_values(head, logits, PixelTargets(labels, weight))
    entropy = F.cross_entropy(logits, labels, reduction='none')
    expected = (entropy * drawn * (given or 1)).mean()
    torch.testing.assert_close(found['user_loss'], expected)


class Noted(nn.Module):
    """Returns what it was called with."""

    def forward(self, cls_score, label, weight, ignore_index, **kwargs):
        """All but the logits."""
        return dict(kwargs, weight=weight, ignore_index=ignore_index)


class NotedDomain(Noted):
    """Asks for one of the two."""

    def forward(self, *args, target_mask=None, **kwargs):
        """The domains as well."""
        found = super().forward(*args, **kwargs)
        return dict(found, target_mask=target_mask)


def test_a_loss_is_called_with_what_its_forward_names():
    targets, logits = draw_targets((4, 4)), torch.zeros(2, 4, 4, 4)
    common = dict(weight=targets.weight, ignore_index=7, further=1)
    found = call_loss(Noted(), logits, targets, 7, collect=False, further=1)
    assert found == common
    found = call_loss(NotedDomain(), logits, targets, 7, further=1)
    assert found == dict(common, target_mask=targets.target_mask)
    loss = MODELS.build(dict(type='BLDALoss', num_classes=4))
    call_loss(loss.train(), logits, targets, 255, collect=False)
    assert loss.statistics.num_pending == 0
    call_loss(loss, logits, targets, 255)
    assert loss.statistics.num_pending == 1
