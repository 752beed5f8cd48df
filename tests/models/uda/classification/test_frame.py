"""Training a classifier by the frame of segmentors."""

import math
from dataclasses import replace

import pytest
import torch
from helpers.tiny_classifiers import classifier_cfg, image_batch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_balance.models.backward_pass import BackwardPass
from mmseg_balance.models.uda.objectives import MaskedObjective

JOINT = dict(type='JointObjective')
MASKED = dict(type='MaskedObjective', block_size=4)


def build_uda(build, objectives=(JOINT, MASKED), head=None, **kwargs):
    cfg = classifier_cfg(**head or {})
    kwargs = dict(alpha=0.9, pseudo_threshold=0.0) | kwargs
    return build(
        'UDASegmentor', segmentor=cfg, objectives=list(objectives), **kwargs
    )


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='CrossEntropyLoss'),
        dict(type='BLDALoss', num_classes=4),
        dict(type='GBWLoss'),
        dict(type='SoftmaxFocalLoss'),
    ],
)
def test_it_learns(build, optimizers, loss):
    torch.manual_seed(0)
    wide = dict(channels=8, out_channels=16, bottleneck=16)
    model = build_uda(build, head=dict(wide, loss_decode=loss))
    optimizer = optimizers(model)
    logs = []
    for i in range(12):
        model.update_teacher(i)
        logs.append(model.train_step(image_batch(8), optimizer))
    assert all(math.isfinite(v) for log in logs for v in log.values())
    name = next(k for k in logs[0] if k.startswith('joint.decode.loss'))
    assert logs[-1][name] < 0.6 * logs[0][name]


def test_pseudo_labels_are_one_an_image(build):
    torch.manual_seed(0)
    model = build_uda(build, pseudo_weighting='confidence')
    batch = image_batch()
    images = (torch.stack(batch['target']['inputs']).float() - 120) / 60
    with torch.no_grad():
        probability = model.teacher(images)[..., 0, 0].softmax(1)
    step = model.prepare(batch)
    best, labels = probability.max(1)
    assert torch.equal(step.pseudo.labels[:, 0, 0], labels)
    torch.testing.assert_close(step.pseudo.weight[:, 0, 0], best)
    assert step.source_labels.shape == step.target_valid.shape == (4, 1, 1)
    assert step.pseudo.labels.shape == (4, 1, 1)
    assert step.target_valid.all()


@pytest.mark.parametrize('weighting', ['batch', 'pixel'])
def test_without_a_threshold_all_labels_weigh_1(build, weighting):
    model = build_uda(build, pseudo_weighting=weighting)
    assert (model.prepare(image_batch()).pseudo.weight == 1).all()


def test_a_threshold_counts_with_confidence(build):
    torch.manual_seed(0)
    model = build_uda(build, pseudo_weighting='confidence')
    free = model.prepare(image_batch()).pseudo.weight
    threshold = free.median().item()
    model = build_uda(
        build, pseudo_weighting='confidence', pseudo_threshold=threshold
    )
    model.teacher.load_state_dict(model.student.state_dict(), strict=False)
    weight = model.prepare(image_batch()).pseudo.weight
    assert ((weight == 0) | (weight >= threshold)).all()


def test_padding_of_images_leaves_labels_alone(build):
    model = build_uda(build)
    batch = image_batch(2, size=6)  # padded to 8 x 8
    expected = [s.gt_sem_seg.data for s in batch['source']['data_samples']]
    step = model.prepare(batch)
    assert step.source_images.shape == (2, 3, 8, 8)
    assert torch.equal(step.source_labels, torch.cat(expected))


def test_labelled_target_images(build, optimizers):
    model = build_uda(build, [JOINT], alpha=None, labelled_target={})
    batch = image_batch()
    batch['target']['data_samples'] = batch['source']['data_samples']
    step = model.prepare(batch)
    assert torch.equal(step.target_labels, step.source_labels)
    batch = image_batch()
    for sample in batch['target']['data_samples']:
        sample.gt_sem_seg = PixelData(data=torch.ones(1, 1, 1).long())
    logs = model.train_step(batch, optimizers(model))
    assert logs['labelled.decode.loss_ce'] > 0


def test_terms_on_target_images(build, optimizers):
    entropy = dict(type='EntropyObjective', auxiliary_loss_weight=0)
    source = dict(type='SourceObjective')
    model = build_uda(build, [source, entropy], alpha=None)
    torch.manual_seed(0)
    logs = model.train_step(image_batch(), optimizers(model))
    assert 0 < logs['tgt.decode.loss_entropy'] <= 0.001


@pytest.mark.parametrize('weighted', [(1, 2), (1,), ()])
def test_weights_of_masked_images_count_in_given_passes(build, weighted):
    masked = MaskedObjective(block_size=4, weighted_passes=weighted)
    model = build_uda(build, [masked], pseudo_weighting='confidence')
    step = model.prepare(image_batch())
    # with an optimizer of one pass they count
    assert masked.training_batch(step).weight is step.pseudo.weight
    for number in (1, 2):
        step = replace(step, backward_pass=BackwardPass(number, 2))
        weight = masked.training_batch(step).weight
        assert (weight is step.pseudo.weight) == (number in weighted)
        assert number in weighted or (weight == 1).all()


def test_labels_below_the_threshold_count_in_no_pass(build):
    masked = MaskedObjective(block_size=4, weighted_passes=(1,))
    model = build_uda(build, [masked], pseudo_weighting='confidence')
    step = model.prepare(image_batch())
    step.pseudo.weight[:2] = 0
    step = replace(step, backward_pass=BackwardPass(2, 2))
    found = masked.training_batch(step).weight
    assert found[:, 0, 0].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize('passes', [(0,), 1])
def test_passes_that_there_are_not(passes):
    with pytest.raises(ValueError) as told:
        MaskedObjective(weighted_passes=passes)
    message = str(told.value)
    assert '`weighted_passes`' in message and repr(passes) in message


def maps(batch):
    for domain in batch.values():
        for sample in domain['data_samples']:
            sample.gt_sem_seg = PixelData(data=torch.ones(1, 8, 8).long())
            sample.set_metainfo(dict(img_path='street.png'))
    return batch


def test_maps_of_labels_and_none_are_refused(build):
    with pytest.raises(ValueError, match='LoadClassLabel.* the packing'):
        batch = image_batch()
        batch['source'] = batch['target']
        build_uda(build).prepare(batch)
    with pytest.raises(ValueError, match=r'street.png.*\(8, 8\) labels'):
        build_uda(build).prepare(maps(image_batch()))


def test_labels_of_images_are_refused_by_a_segmentor(build, segmentor):
    model = build('SourceOnly', segmentor=segmentor())
    with pytest.raises(ValueError, match="type='ImageClassifier'"):
        model.prepare(image_batch(size=32))


def test_margins_are_refused(build):
    with pytest.raises(ValueError, match='ignore_bottom is 3.*leave it away'):
        build_uda(build, ignore_bottom=3)
    batch = image_batch()
    for sample in batch['target']['data_samples']:
        sample.valid_pseudo = PixelData(data=torch.ones(1, 8, 8))
    with pytest.raises(ValueError, match='PseudoMargins.*target.pipeline'):
        build_uda(build).prepare(batch)


@pytest.mark.parametrize(
    'kind, settings, objective',
    [
        ('DACS', {}, 'ClassMixedObjective'),
        ('MIC', {}, 'ClassMixedObjective'),
        ('DAFormer', dict(feature_distance=dict(classes=[1])), 'SourceObj'),
        ('AdaptSegNet', {}, 'AdversarialObjective'),
    ],
)
def test_methods_of_segmentation_refuse_a_classifier(
    build, kind, settings, objective
):
    with pytest.raises(TypeError) as error:
        build(kind, segmentor=classifier_cfg(), **settings)
    message = str(error.value)
    assert kind in message
    assert objective in message
    assert 'SourceOnly' in message and 'ClassificationMIC' in message


def test_source_only_serves(build, optimizers):
    model = build('SourceOnly', segmentor=classifier_cfg())
    assert model.labels_images
    logs = model.train_step(
        dict(source=image_batch()['source']), optimizers(model)
    )
    assert logs['src.decode.loss_ce'] > 0
    assert isinstance(
        model.eval().test_step(image_batch()['target'])[0], SegDataSample
    )
