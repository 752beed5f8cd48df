"""A classifier predicts one label an image, in the form of segmentors."""

import pytest
import torch
from helpers.tiny_classifiers import classifier_cfg, image_batch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.models.declarations import labels_images


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def test_predictions_are_of_one_pixel():
    torch.manual_seed(0)
    model = MODELS.build(classifier_cfg()).eval()
    assert labels_images(model)
    batch = image_batch()['source']
    truth = [s.gt_sem_seg.data.clone() for s in batch['data_samples']]
    images = torch.stack(batch['inputs']).float()
    logits = model((images - 120) / 60)
    assert logits.shape == (4, 4, 1, 1)
    for i, sample in enumerate(model.test_step(batch)):
        assert torch.equal(sample.seg_logits.data, logits[i])
        assert sample.pred_sem_seg.data.shape == (1, 1, 1)
        assert sample.pred_sem_seg.data.item() == logits[i].argmax().item()
        assert torch.equal(sample.gt_sem_seg.data, truth[i])
    for sample in model.predict((images - 120) / 60):
        assert sample.pred_sem_seg.data.shape == (1, 1, 1)


@pytest.mark.parametrize('size', [8, 6])  # which are padded to 8
def test_training_without_a_method(size):
    torch.manual_seed(0)
    model = MODELS.build(classifier_cfg()).train()
    batch = image_batch(size=size)['source']
    labels = torch.cat([s.gt_sem_seg.data for s in batch['data_samples']])
    data = model.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    logits = model(data['inputs'])[..., 0, 0]
    expected = torch.nn.functional.cross_entropy(logits, labels.flatten())
    torch.testing.assert_close(losses['decode.loss_ce'], expected)


def test_views_at_test_time_are_averaged():
    torch.manual_seed(0)
    model = MODELS.build(classifier_cfg())
    tta = MODELS.build(dict(type='SegTTAModel', module=model)).eval()
    views = [image_batch(1, size)['source'] for size in (8, 16)]
    expected = sum(
        model.test_step(dict(view))[0].seg_logits.data.softmax(0)
        for view in views
    )
    views = [image_batch(1, size)['source'] for size in (8, 16)]
    data = {k: [view[k] for view in views] for k in views[0]}
    assert labels_images(tta)
    (sample,) = tta.test_step(data)
    assert sample.pred_sem_seg.data.item() == expected.argmax().item()
    assert sample.pred_sem_seg.data.shape == (1, 1, 1)


def test_what_labels_pixels_is_refused():
    cfg = classifier_cfg()
    head = dict(type='FCNHead', in_channels=4, channels=4, num_classes=4)
    with pytest.raises(TypeError, match="='ClassifierHead', but got FCNHead"):
        MODELS.build(dict(cfg, decode_head=head))
    with pytest.raises(ValueError, match='takes no auxiliary_head'):
        MODELS.build(dict(cfg, auxiliary_head=head))
    slide = dict(mode='slide', crop_size=(8, 8), stride=(4, 4))
    with pytest.raises(ValueError, match=r"test_cfg.mode.*'slide'"):
        MODELS.build(dict(cfg, test_cfg=slide))


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(pool='mean'), r"`pool`.*but got 'mean'"),
        (dict(num_classes=1), 'at least 2, but got 1'),
        (dict(bottleneck=0), 'bottleneck.*but got 0'),
        (dict(norm_cfg=dict(type='SyncBN')), 'given norm_cfg: leave'),
        (dict(pool=1), '`pool`.*but got 1'),
    ],
)
def test_settings_of_the_head(change, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(classifier_cfg(**change))


def test_channels_are_those_of_the_bottleneck():
    cfg = classifier_cfg()
    cfg['decode_head']['channels'] = 512
    with pytest.raises(ValueError, match='4: leave `channels` away'):
        MODELS.build(cfg)


def test_a_text_that_was_read_from_somewhere():
    """From a command line, say: equal to the constant, another object."""
    pool = ''.join(['to', 'ken'])
    assert MODELS.build(classifier_cfg(pool=pool)).decode_head.pool == 'token'


def test_maps_of_several_levels_are_pooled_together():
    levels = dict(in_index=[0, 0], input_transform='resize_concat')
    model = MODELS.build(classifier_cfg(in_channels=[4, 4], **levels))
    assert model(torch.zeros(2, 3, 8, 8)).shape == (2, 4, 1, 1)


@pytest.mark.parametrize(
    'pool, in_channels', [(False, 4), ('token', 4), (True, 5)]
)
def test_features_of_another_shape_name_the_key(pool, in_channels):
    model = MODELS.build(classifier_cfg(pool=pool, in_channels=in_channels))
    with pytest.raises(
        ValueError, match=rf'\(2, 4, 4, 4\).*pool={pool!r}.*{in_channels}'
    ):
        model(torch.zeros(2, 3, 8, 8))


def test_one_image_has_no_batch_statistics():
    model = MODELS.build(classifier_cfg()).train()
    with pytest.raises(ValueError, match='batch_size.*at least 2'):
        model(torch.zeros(1, 3, 8, 8))
