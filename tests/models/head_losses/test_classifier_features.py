"""Features that enter a classifier, of heads that are split and others."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.models.decode_heads import FCNHead
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.decode_heads import HRDAHead
from mmseg_balance.models.decode_heads.scaled_features import ScaledFeatures
from mmseg_balance.models.head_losses import classifier_features
from mmseg_balance.models.head_losses.classifier_features import (
    logits_and_features,
)
from mmseg_balance.models.head_losses.predictions import (
    Prediction,
    decode_predictions,
)
from mmseg_balance.models.windows import Box

LEVELS = dict(in_channels=[8, 8], in_index=[0, 1])
NORM = dict(norm_cfg=dict(type='BN'))
LAYER = dict(type='conv', kernel_size=1, act_cfg=None, **NORM)
SPLIT = dict(
    FCNHead=dict(in_channels=8, in_index=0, num_convs=1),
    PSPHead=dict(in_channels=8, in_index=0, pool_scales=(1, 2), **NORM),
    ASPPHead=dict(in_channels=8, in_index=0, dilations=(1, 2), **NORM),
    UPerHead=dict(LEVELS, pool_scales=(1, 2), **NORM),
    DLV2Head=dict(in_channels=8, in_index=0, dilations=(1, 2)),
    DAFormerHead=dict(
        LEVELS,
        decoder_params=dict(
            embed_dims=4,
            embed_cfg=LAYER,
            embed_neck_cfg=LAYER,
            fusion_cfg=LAYER,
        ),
    ),
)
HOOKED = dict(
    SegformerHead=LEVELS,
    # heads of a split one's class, with forwards of their own
    DepthwiseSeparableASPPHead=dict(
        in_channels=8,
        in_index=1,
        dilations=(1, 2),
        c1_in_channels=8,
        c1_channels=4,
        **NORM,
    ),
    NLHead=dict(in_channels=8, in_index=0, **NORM),
    # has a dropout in its midst as well
    ANNHead=dict(LEVELS, project_channels=4, key_pool_scales=(1, 2), **NORM),
)
OUTER = dict(num_classes=4, loss_decode=dict(type='CrossEntropyLoss'))


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def plain_head(kind, ratio=0.5):
    settings = SPLIT.get(kind) or HOOKED[kind]
    return dict(settings, type=kind, channels=8, dropout_ratio=ratio)


def levels(size=16):
    return [torch.randn(4, 8, size, size) for _ in range(2)]


def watched(head, monkeypatch):
    """What is given to ``cls_seg``, which all heads of MMSegmentation call."""
    given, cls_seg = [], type(head).cls_seg

    def note(self, features):
        given.append(features)
        return cls_seg(self, features)

    monkeypatch.setattr(type(head), 'cls_seg', note)
    return given


def refuse_hooks(monkeypatch):
    def refuse(*_):
        raise AssertionError('a split head needs no hook')

    monkeypatch.setattr(classifier_features, 'captured_inputs', refuse)


@pytest.mark.parametrize(
    ('kind', 'ratio'),
    [*((kind, 0.5) for kind in (*SPLIT, *HOOKED)), ('SegformerHead', 0.0)],
)
def test_features_are_those_before_the_dropout(kind, ratio, monkeypatch):
    """In the released code, dropout is for the classifier alone."""
    head = MODELS.build(dict(plain_head(kind, ratio), **OUTER)).train()
    if kind in SPLIT:
        refuse_hooks(monkeypatch)
    inputs = levels()
    given = watched(head, monkeypatch)
    torch.manual_seed(0)
    logits, features = logits_and_features(head, inputs)
    assert len(given) == 1 and features is given[0]
    torch.manual_seed(0)
    torch.testing.assert_close(logits, head.forward(inputs), rtol=0, atol=0)
    modules = list(head.modules())
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in modules)


@pytest.mark.parametrize('kind', ['DAFormerHead', 'DLV2Head', 'ANNHead'])
def test_hrda_has_those_of_the_context_and_of_the_crop(kind, monkeypatch):
    head = MODELS.build(
        dict(type='HRDAHead', head=plain_head(kind), attention=0.5, **OUTER)
    ).train()
    if kind in SPLIT:
        refuse_hooks(monkeypatch)
    given = watched(head.head, monkeypatch)
    inputs = ScaledFeatures(
        levels(), [levels()], [Box(0, 32, 0, 32)], (64, 64), 8
    )
    torch.manual_seed(0)
    kept = decode_predictions(head, inputs, keep_features=True)
    assert [p.name for p in kept] == ['decode', 'decode.detail']
    for prediction, expected in zip(kept, given, strict=True):
        assert prediction.features is expected
    torch.manual_seed(0)
    without = decode_predictions(head, inputs)
    assert all(p.features is None for p in without)
    for ours, theirs in zip(kept, without, strict=True):
        assert torch.equal(ours.logits, theirs.logits)


class SharpeningHead(HRDAHead):
    """Fuses in its own way, as it could in 0.1.0."""

    def fuse(self, inputs):
        """Sharper logits."""
        fused, detail = super().fuse(inputs)
        return 2 * fused, detail


def test_a_fusion_of_users_has_features_too(monkeypatch):
    settings = dict(head=plain_head('FCNHead'), attention=0.5, **OUTER)
    head = SharpeningHead(**settings).eval()
    given = watched(head.head, monkeypatch)
    inputs = ScaledFeatures(
        levels(), [levels()], [Box(0, 32, 0, 32)], (64, 64), 8
    )
    kept = decode_predictions(head, inputs, keep_features=True)
    assert all(p.features is x for p, x in zip(kept, given, strict=True))
    without = decode_predictions(head, inputs)
    assert torch.equal(kept[0].logits, without[0].logits)


class DoublingHead(FCNHead):
    """Its logits are not those of its classifier."""

    def forward(self, inputs):
        """Twice the logits."""
        return 2 * super().forward(inputs)


class TwoViewsHead(FCNHead):
    """Several predictions, as heads of users have had them since 0.1.0."""

    def training_predictions(self, features):
        """The image, and its mirror image."""
        mirrored = [level.flip(-1) for level in features]
        return [
            Prediction('decode', self, self.forward(features)),
            Prediction('decode.mirrored', self, self.forward(mirrored)),
        ]


def test_a_forward_of_another_kind_counts_as_it_is(monkeypatch):
    settings = dict(SPLIT['FCNHead'], channels=8, **OUTER)
    head = DoublingHead(**settings).eval()
    inputs = levels()
    logits, features = logits_and_features(head, inputs)
    torch.testing.assert_close(logits, 2 * head.conv_seg(features))
    # so does one that was put in the place of the class's
    head = FCNHead(**settings).eval()
    forward = head.forward
    head.forward = lambda inputs: forward(inputs) + 1
    logits, features = logits_and_features(head, inputs)
    torch.testing.assert_close(logits, head.conv_seg(features) + 1)


class NormalisedHead(FCNHead):
    """Its classifier takes features of length 1."""

    def cls_seg(self, feat):
        return self.conv_seg(nn.functional.normalize(feat))


def test_what_a_classifier_of_users_takes_counts():
    head = NormalisedHead(**SPLIT['FCNHead'], channels=8, **OUTER).eval()
    logits, features = logits_and_features(head, levels())
    torch.testing.assert_close(logits, head.conv_seg(features))
    # so does one that was put in the place of the class's
    head = FCNHead(**SPLIT['FCNHead'], channels=8, **OUTER).eval()
    head.cls_seg = lambda feat: head.conv_seg(2 * feat)
    logits, features = logits_and_features(head, levels())
    torch.testing.assert_close(logits, head.conv_seg(features))


def test_heads_of_users_with_several_predictions():
    head = TwoViewsHead(**SPLIT['FCNHead'], channels=8, **OUTER).eval()
    predictions = decode_predictions(head, levels(), keep_features=True)
    first, second = predictions
    assert not torch.equal(first.features, second.features)
    for prediction in predictions:
        torch.testing.assert_close(
            head.conv_seg(prediction.features), prediction.logits
        )


@pytest.mark.parametrize('kind', ['several', 'one'])
def test_a_classifier_that_is_not_called_is_said(kind):
    if kind == 'one':
        head = FCNHead(**SPLIT['FCNHead'], channels=8, **OUTER)
    else:
        head = TwoViewsHead(**SPLIT['FCNHead'], channels=8, **OUTER)
    head.forward = lambda inputs: torch.zeros(4, 4, 16, 16)
    with pytest.raises(RuntimeError, match='saw 0 calls .* there are [12]'):
        decode_predictions(head, levels(), keep_features=True)
