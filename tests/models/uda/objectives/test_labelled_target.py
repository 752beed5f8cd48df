"""The second stage: target images that come with labels."""

import pytest
import torch
from mmengine.structures import PixelData
from torch.nn import functional

from mmseg_balance.models.uda.objectives import LabelledTargetObjective
from mmseg_balance.models.uda.objectives.step import UDAStep

CE = dict(type='CrossEntropyLoss')
BLDA = dict(type='BLDALoss', num_classes=4, min_samples=4)
METHODS = {
    'SourceOnly': {},
    'DACS': {},
    'MIC': {},
    'AdaptSegNet': {},
    'AdvEnt': {},
    'MinEnt': {},
    'MaxSquare': {},
}


@pytest.fixture
def labelled(batch):
    """A batch whose target has labels, some of them ignored."""

    def labelled(**kwargs):
        data = batch(**kwargs)
        for i, sample in enumerate(data['target']['data_samples']):
            size = data['target']['inputs'][i].shape[-2:]
            labels = torch.full((1, *size), i)
            labels[:, :3] = 255
            sample.gt_sem_seg = PixelData(data=labels)
        return data

    return labelled


@pytest.mark.parametrize('kind', METHODS)
def test_methods_learn_from_labels_of_the_target(
    kind, build, labelled, optimizers
):
    settings = METHODS[kind]
    if kind == 'MIC':
        settings = dict(masked_consistency=dict(block_size=8))
    model = build(kind, labelled_target={}, **settings)
    assert model.needs_target and model.needs_target_labels
    before = model.student.decode_head.conv_seg.bias.clone()
    logs = model.train_step(labelled(), optimizers(model))
    assert logs['labelled.decode.loss_ce'] > 0
    assert not torch.equal(before, model.student.decode_head.conv_seg.bias)
    bare = build(kind, **settings)
    assert not bare.needs_target_labels
    assert bare.prepare(labelled()).target_labels is None


# mmseg's own mean is over ignored pixels, too, unless avg_non_ignore says so
LOSSES = {
    'mean over all': (CE, 'loss_ce'),
    'mean over labelled': (dict(CE, avg_non_ignore=True), 'loss_ce'),
    'adjusted': (BLDA, 'loss_blda'),
}


@pytest.mark.parametrize('average', ['labelled', 'all'])
@pytest.mark.parametrize('kind', LOSSES)
def test_loss_is_the_mean_cross_entropy_of_labelled_pixels(
    kind, average, build, labelled
):
    cfg, name = LOSSES[kind]
    settings = dict(loss_weight=0.5, average=average)
    model = build('SourceOnly', cfg, labelled_target=settings)
    step = model.prepare(labelled(seed=3))
    *_, objective = model.objectives
    model.student.eval()  # one forward pass is as the next
    found = objective(model.student, step)[f'decode.{name}']
    logits = model.student.encode_decode(
        step.target_images, [dict(img_shape=(32, 32))] * 2
    )
    labels = step.target_labels
    each = functional.cross_entropy(
        logits, labels, ignore_index=255, reduction='none'
    )
    over_all = average == 'all' and kind != 'mean over labelled'
    count = labels.numel() if over_all else (labels != 255).sum()
    assert found.item() == pytest.approx(
        0.5 * (each.sum() / count).item(), rel=1e-5
    )
    assert (labels[:, :3] == 255).all() and (labels[1, 3:] == 1).all()


# which of them fall with the share of ignored pixels
KINDS = {
    'ce': (CE, True),
    'sum': (dict(CE, reduction='sum'), False),
    'dice': (dict(type='DiceLoss', loss_name='loss_dice'), False),
    'gbw': (dict(type='GBWLoss'), True),
    'gbw, means of classes': (dict(type='GBWLoss', class_means=True), False),
    'focal': (dict(type='SoftmaxFocalLoss'), True),
}


@pytest.mark.parametrize('kind', KINDS)
def test_what_does_not_count_ignored_pixels_is_as_it_is(kind, build, labelled):
    cfg, counts = KINDS[kind]
    found = {}
    for average in ('labelled', 'all'):
        torch.manual_seed(0)
        model = build('SourceOnly', cfg, labelled_target=dict(average=average))
        step = model.prepare(labelled(seed=3))
        *_, objective = model.objectives
        model.student.eval()
        name = model.student.decode_head.loss_decode.loss_name
        losses = objective(model.student, step)
        found[average] = losses[f'decode.{name}'].item()
    labels = step.target_labels
    ratio = labels.numel() / (labels != 255).sum().item() if counts else 1
    assert found['labelled'] == pytest.approx(ratio * found['all'], rel=1e-5)


def test_nothing_is_learnt_where_nothing_is_labelled(build, labelled):
    model = build('SourceOnly', labelled_target={})
    data = labelled()
    for sample in data['target']['data_samples']:
        sample.gt_sem_seg.data.fill_(255)
    *_, objective = model.objectives
    loss = objective(model.student, model.prepare(data))['decode.loss_ce']
    assert loss == 0


def test_distributions_are_those_of_the_target(build, labelled, optimizers):
    model = build('SourceOnly', BLDA, labelled_target={})
    loss = model.student.decode_head.loss_decode
    model.train_step(labelled(), optimizers(model))
    loss.update_statistics()
    # the labels of the target are of the classes 0 and 1
    seen = loss.statistics.target.num_updates.reshape(4, 4)[:2]
    assert bool((seen == 1).all())
    assert not loss.statistics.target.num_updates.reshape(4, 4)[2:].any()


def test_margins_without_pseudo_labels_have_none(build, labelled):
    data = labelled()
    valid = torch.ones(1, 32, 32, dtype=torch.uint8)
    valid[:, :, :5] = 0
    data['target']['data_samples'][1].valid_pseudo = PixelData(data=valid)
    step = build('SourceOnly', labelled_target={}).prepare(data)
    assert (step.target_labels[1, :, :5] == 255).all()
    assert (step.target_labels[1, 3:, 5:] == 1).all()


def test_targets_without_labels_are_refused(build, batch):
    model = build('SourceOnly', labelled_target={})
    with pytest.raises(ValueError, match='mmseg-balance pseudo-labels'):
        model.prepare(batch())


def test_losses_of_source_labels_alone_are_refused(build):
    loss = dict(type='SourceLoss', criterion=dict(type='CrossEntropyLoss'))
    with pytest.raises(ValueError, match='nothing is learnt from pseudo'):
        build('SourceOnly', loss, labelled_target={})


@pytest.mark.parametrize('value', [-1, 'half', None])
def test_weights_out_of_range_are_refused(value):
    with pytest.raises(ValueError, match=f'loss_weight.*{value}'):
        LabelledTargetObjective(value)


def test_a_step_has_no_labels_by_default():
    assert UDAStep(None, None).target_labels is None
