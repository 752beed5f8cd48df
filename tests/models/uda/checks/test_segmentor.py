"""What cannot be adapted is refused by name when the model is built."""

import mmseg
import pytest
import torch
from mmseg.registry import MODELS
from packaging.version import Version
from torch import nn

from mmseg_balance import compat
from mmseg_balance.models.uda.optimization.wrapper import UDAModelWrapper


def dacs(segmentor, **kwargs):
    return MODELS.build(dict(type='DACS', segmentor=segmentor, **kwargs))


def test_heads_with_their_own_loss(segmentor):
    cfg = segmentor()
    cfg['decode_head'] = dict(
        type='EncHead',
        in_channels=(8, 8),
        in_index=(0, 0),
        channels=8,
        num_classes=4,
        num_codes=4,
        loss_decode=dict(type='CrossEntropyLoss'),
        loss_se_decode=dict(type='CrossEntropyLoss', use_sigmoid=True),
    )
    with pytest.raises(TypeError, match='decode_head EncHead.*own loss'):
        dacs(cfg)


def test_an_auxiliary_head_with_its_own_loss(segmentor):
    cfg = segmentor(
        auxiliary_head=dict(
            type='DAHead',
            in_channels=8,
            channels=8,
            num_classes=4,
            pam_channels=4,
            loss_decode=dict(type='CrossEntropyLoss'),
        )
    )
    with pytest.raises(TypeError, match='auxiliary_head DAHead'):
        dacs(cfg)


def test_another_kind_of_segmentor(segmentor):
    cfg = segmentor()
    cfg.update(
        type='CascadeEncoderDecoder',
        num_stages=1,
        decode_head=[cfg['decode_head']],
    )
    with pytest.raises(TypeError, match='CascadeEncoderDecoder'):
        dacs(cfg)


def test_classes_of_head_and_loss_that_differ(segmentor):
    cfg = segmentor(dict(type='BLDALoss', num_classes=7))
    with pytest.raises(ValueError, match='num_classes is 4.*BLDALoss is 7'):
        dacs(cfg)


def test_binary_heads(segmentor):
    cfg = segmentor(
        dict(type='CrossEntropyLoss', use_sigmoid=True),
        head_kwargs=dict(out_channels=1, threshold=0.5),
    )
    cfg['decode_head']['num_classes'] = 2
    with pytest.raises(ValueError, match='out_channels=1'):
        dacs(cfg)


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='DiceLoss'),
        dict(type='LovaszLoss', reduction='none'),
        dict(type='TverskyLoss'),
    ],
)
def test_losses_without_pixel_weights(segmentor, loss):
    with pytest.raises(ValueError) as error:
        dacs(segmentor(loss))
    kind = loss['type']
    assert f'decode_head.loss_decode {kind} cannot take pixel' in str(
        error.value
    )
    mend = f"dict(type='SourceLoss', criterion=dict(type='{kind}', ...))"
    assert mend in str(error.value)
    # the source alone has no weights
    MODELS.build(dict(type='SourceOnly', segmentor=segmentor(loss)))


def test_a_source_loss_serves_the_source_objective(build, batch, optimizers):
    """What the message of a loss without pixel weights says to do."""
    losses = [
        dict(type='CrossEntropyLoss'),
        dict(
            type='SourceLoss',
            criterion=dict(type='LovaszLoss', reduction='none'),
        ),
    ]
    model = build('MIC', loss=losses)
    logs = model.train_step(batch(), optimizers(model))
    assert logs['src.decode.loss_lovasz'] > 0
    assert logs['mix.decode.loss_lovasz'] == 0
    assert logs['masked.decode.loss_lovasz'] == 0
    assert logs['mix.decode.loss_ce'] > 0
    parts = sum(v for k, v in logs.items() if '.loss_' in k)
    assert logs['loss'] == pytest.approx(parts, rel=1e-5)


def test_a_source_loss_alone_learns_nothing_from_pseudo_labels(segmentor):
    loss = dict(type='SourceLoss', criterion=dict(type='DiceLoss'))
    with pytest.raises(ValueError, match='decode_head.loss_decode is a Sou'):
        dacs(segmentor(loss))
    MODELS.build(dict(type='SourceOnly', segmentor=segmentor(loss)))
    both = segmentor([dict(type='CrossEntropyLoss'), loss])
    both['decode_head']['sampler'] = dict(type='OHEMPixelSampler')
    with pytest.raises(ValueError, match='OHEMPixelSampler.*DiceLoss'):
        dacs(both)


@pytest.mark.parametrize('kind', ['DiceLoss', 'TverskyLoss'])
def test_losses_that_learn_from_ignored_pixels_are_named(
    segmentor, capfd, kind
):
    from mmengine.logging import MMLogger

    MMLogger.get_instance(f'ignored{kind}', logger_name=f'ignored{kind}')
    loss = dict(type='SourceLoss', criterion=dict(type=kind))
    dacs(segmentor([dict(type='CrossEntropyLoss'), loss]))
    text = ''.join(capfd.readouterr())
    expected = (
        f'decode_head.loss_decode SourceLoss with criterion {kind} depends on '
        'predictions where the label is ignore_index=255'
    )
    assert (expected in text) == (kind == 'DiceLoss')
    assert ('depends on' in text) == (kind == 'DiceLoss')


def test_class_weights_beside_ignored_pixels(segmentor):
    """mmseg's cross entropy looks up the class weight of label 255.

    That of onedl-mmsegmentation does with ``avg_non_ignore`` alone.
    """
    criterion = dict(type='CrossEntropyLoss', class_weight=[1.0] * 4)
    if Version(mmseg.__version__) >= compat.WITHOUT_OPS:
        criterion['avg_non_ignore'] = True
    loss = dict(type='BLDALoss', num_classes=4, criterion=criterion)
    with pytest.raises(
        ValueError,
        match='BLDALoss with criterion CrossEntropyLoss.*IndexErr.*'
        "type='WeightedCrossEntropyLoss' with the same class_weight",
    ):
        dacs(segmentor(loss))
    criterion['type'] = 'WeightedCrossEntropyLoss'
    criterion.pop('avg_non_ignore', None)
    dacs(segmentor(loss))
    criterion['class_weight'] = [1.0] * 19
    with pytest.raises(ValueError, match='num_classes is 4, but class_weight'):
        dacs(segmentor(loss))


def test_hard_pixel_samplers_with_distributions(segmentor):
    cfg = segmentor(
        dict(type='BLDALoss', num_classes=4),
        head_kwargs=dict(sampler=dict(type='OHEMPixelSampler')),
    )
    with pytest.raises(ValueError, match='sampler OHEMPixelSampler'):
        dacs(cfg)


def test_two_objectives_of_one_prefix(segmentor):
    cfg = dict(
        type='UDASegmentor',
        segmentor=segmentor(),
        objectives=[dict(type='SourceObjective')] * 2,
    )
    with pytest.raises(ValueError, match="\\['src', 'src'\\]"):
        MODELS.build(cfg)


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='CrossEntropyLoss', avg_non_ignore=True),
        dict(type='BLDALoss', num_classes=4),
    ],
)
def test_losses_with_pixel_weights(segmentor, loss):
    model = dacs(segmentor(loss))
    loss = model.student.decode_head.loss_decode
    assert getattr(loss, 'statistics', None) is None or (
        loss.statistics.num_pending == 0
    )


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (dict(alpha=1.0), '`alpha`.*1.0'),
        (dict(alpha=None), '`alpha`.*None'),
        (dict(pseudo_threshold=2), '`pseudo_threshold`.*2'),
        (dict(pseudo_weighting='image'), "`pseudo_weighting`.*'image'"),
        (dict(ignore_top=-1), '`ignore_top`.*-1'),
        (dict(predict_with='ema'), "`predict_with`.*'ema'"),
    ],
)
def test_settings_out_of_range(segmentor, kwargs, words):
    with pytest.raises(ValueError, match=words):
        dacs(segmentor(), **kwargs)


def test_source_only_has_no_teacher_to_predict_with(segmentor):
    cfg = dict(
        type='SourceOnly', segmentor=segmentor(), predict_with='teacher'
    )
    with pytest.raises(ValueError, match='predict_with'):
        MODELS.build(cfg)
    assert MODELS.build(dict(cfg, alpha=0.9)).teacher is not None


def test_jitter_without_normalisation(segmentor):
    cfg = segmentor()
    cfg['data_preprocessor'].update(mean=None, std=None)
    with pytest.raises(ValueError, match='mean and .*augmentation=None'):
        dacs(cfg)
    model = dacs(cfg, masked_consistency={}, augmentation=None)
    for objective in model.objectives[1:]:
        images = torch.randn(1, 3, 8, 8)
        assert torch.equal(objective.augmentation(images), images)


def test_what_mmseg_apis_sets_is_accepted(segmentor):
    model = dacs(segmentor(), pretrained=None, train_cfg=None)
    assert model.num_classes == 4


def test_the_wrapper_delegates_on_one_rank(segmentor):
    model = dacs(segmentor())
    wrapper = UDAModelWrapper(model).eval()
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(wrapper(images), model(images))
    assert isinstance(wrapper, nn.Module) and not model.training
