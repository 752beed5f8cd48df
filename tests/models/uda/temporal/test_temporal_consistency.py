"""The objective of ITCR in a training."""

import copy

import pytest
import torch
from helpers.frame_batches import add_frames
from helpers.tiny_classifiers import classifier_cfg

from mmseg_balance.models.uda import (
    EntropyObjective,
    TargetPassObjective,
    TemporalConsistencyObjective,
)
from mmseg_balance.models.uda.temporal.intra_domain import (
    intra_domain_consistency,
    propagated_probabilities,
)

BLDA = dict(type='BLDALoss', num_classes=4, min_samples=20)
GBW = dict(type='GBWLoss', mode='normalized')


@pytest.fixture
def itcr(build, frames_segmentor):
    """Build a method whose classifier has an opinion."""

    def itcr(kind='ITCR', loss=None, change=None, dropout=0.0, **kwargs):
        config = frames_segmentor(loss, dropout=dropout)
        if change is not None:
            change(config)
        torch.manual_seed(0)
        model = build(kind, None, config, **kwargs)
        for part in (model.student, model.teacher):
            for module in [] if part is None else part.modules():
                if hasattr(module, 'conv_seg'):
                    weight = module.conv_seg.weight
                    weight.data.normal_(generator=torch.manual_seed(1))
        return model

    return itcr


def gradients(model):
    found = {n: p.grad for n, p in model.student.named_parameters()}
    return {n: g for n, g in found.items() if g is not None}


def test_the_loss_is_of_the_heads_own_logits(itcr, batch):
    model = itcr(temporal_consistency=dict(loss_weight=0.5))
    step = model.prepare(add_frames(batch()))
    (objective,) = model.objectives[1:]
    reference = copy.deepcopy(model.student)
    losses = objective(model.student, step)
    assert set(losses) == {'decode.loss_temporal', 'surer_before'}
    assert 0.05 < losses['surer_before'] < 0.95
    losses['decode.loss_temporal'].backward()

    def predict(images):
        return reference.decode_head(reference.extract_feat(images))

    logits = predict(step.target_images)
    assert logits.shape[-2:] == (16, 16)
    with torch.no_grad():
        before = predict(step.target_frames.images)
    expected, _ = intra_domain_consistency(
        logits,
        *propagated_probabilities(
            before, step.target_frames, step.target_valid
        ),
    )
    expected = 0.5 * expected
    expected.backward()
    assert expected > 0
    torch.testing.assert_close(losses['decode.loss_temporal'], expected)
    own = gradients(model)
    for name, parameter in reference.named_parameters():
        torch.testing.assert_close(own[name], parameter.grad)


def test_the_frame_before_leaves_no_trace(itcr, batch):
    """Batch norms count the image alone, and dropout has its draws."""
    made = []
    for objectives in (
        [TemporalConsistencyObjective()],
        [EntropyObjective(auxiliary_loss_weight=0.0)],
    ):
        model = itcr('UDASegmentor', objectives=objectives, dropout=0.3)
        step = model.prepare(add_frames(batch()))
        torch.manual_seed(4)
        model.objectives[0](model.student, step)
        made.append((dict(model.student.named_buffers()), torch.rand(3)))
        assert model.student.backbone.layers[3].p == 0.3
    for name, buffer in made[0][0].items():
        assert torch.equal(buffer, made[1][0][name]), name
    assert torch.equal(made[0][1], made[1][1])


def test_frames_that_do_not_differ_teach_nothing(itcr, frames_batch):
    model = itcr()
    step = model.prepare(frames_batch())
    losses = model.objectives[1](model.student, step)
    # a warp without motion is exact up to rounding
    assert losses['decode.loss_temporal'] < 1e-10


def test_terms_share_the_pass(itcr, batch, optimizers):
    model = itcr(
        entropy=dict(auxiliary_loss_weight=0.0), adversarial={}, change=larger
    )
    (_, shared) = model.objectives
    assert isinstance(shared, TargetPassObjective)
    assert shared.needs_target_frames
    calls = []
    model.student.backbone.register_forward_hook(
        lambda *_: calls.append(torch.is_grad_enabled())
    )
    logs = model.train_step(add_frames(batch(size=64)), optimizers(model))
    assert calls == [True, True, False]  # source, target, frames before
    names = {'tgt.decode.loss_temporal', 'tgt.surer_before'}
    assert names | {'tgt.decode.loss_entropy'} <= logs.keys()


def larger(config):
    config['data_preprocessor']['size'] = (64, 64)


def with_hrda(config):
    larger(config)
    head = config['decode_head']
    classes, loss = head.pop('num_classes'), head.pop('loss_decode')
    config.update(
        type='HRDAEncoderDecoder',
        detail_crop_size=(32, 32),
        decode_head=dict(
            type='HRDAHead',
            head=head,
            attention=copy.deepcopy(head),
            num_classes=classes,
            loss_decode=loss,
        ),
    )


def fusing(config):
    config['type'] = 'AccelEncoderDecoder'


def fusing_hrda(config):
    with_hrda(config)
    config['type'] = 'AccelHRDAEncoderDecoder'


THINGS = dict(classes=[1, 2], min_ratio=0.5)


@pytest.mark.parametrize(
    'kind, loss, settings',
    [
        ('ITCR', GBW, {}),
        ('ITCR', BLDA, dict(alpha=0.9, masked_consistency={})),
        ('DACS', BLDA, dict(temporal_consistency={})),
        (
            'MIC',
            BLDA,
            dict(
                temporal_consistency={},
                feature_distance=THINGS,
                change=with_hrda,
                pseudo_refinement=dict(rule='consistency', start=0),
            ),
        ),
        ('ITCR', None, dict(change=fusing)),
        ('ITCR', None, dict(change=fusing_hrda)),
    ],
)
def test_methods_train_with_it(itcr, batch, optimizers, kind, loss, settings):
    model = itcr(kind, loss, **settings)
    wrapper = optimizers(model)
    size = model.data_preprocessor.size[0]
    both = getattr(model.student, 'takes_frames', False)
    for i in range(2):
        data = add_frames(batch(size=size, seed=i))
        if both:
            data = add_frames(data, 'source')
        logs = model.train_step(data, wrapper)
        if model.teacher is not None:
            model.update_teacher(i + 1)
    assert logs['itcr.decode.loss_temporal'] > 0
    assert 0 < logs['itcr.surer_before'] < 1


@pytest.mark.parametrize('change', [fusing, fusing_hrda])
def test_a_network_that_fuses_frames_learns_by_each_alone(itcr, batch, change):
    model = itcr(change=change)
    fusion = model.student.decode_head.fusion
    torch.nn.init.normal_(fusion.weight)
    size = model.data_preprocessor.size[0]
    data = add_frames(add_frames(batch(size=size)), 'source')
    step = model.prepare(data)
    objective = model.objectives[1]
    torch.manual_seed(2)
    losses = objective(model.student, step)
    losses['decode.loss_temporal'].backward()
    own = gradients(model)
    assert 'decode_head.fusion.weight' not in own
    assert any(name.startswith('backbone.') for name in own)
    torch.nn.init.normal_(fusion.weight)
    torch.manual_seed(2)
    again = objective(model.student, step)
    # however they are fused
    torch.testing.assert_close(again, losses)


def test_mixed_precision_compares_in_float32(itcr, batch):
    model = itcr()
    step = model.prepare(add_frames(batch()))
    expected = model.objectives[1](model.student, step)
    with torch.autocast('cpu', torch.bfloat16):
        losses = model.objectives[1](model.student, step)
    loss = losses['decode.loss_temporal']
    assert loss.dtype == torch.float32
    torch.testing.assert_close(
        loss, expected['decode.loss_temporal'], rtol=0.1, atol=0
    )
    loss.backward()
    assert all(g.isfinite().all() for g in gradients(model).values())
    assert len(gradients(model)) == len([*model.student.parameters()])


def test_images_without_frames_are_refused(itcr, batch):
    model = itcr(entropy={}, adversarial=None)
    with pytest.raises(
        ValueError, match='TargetPassObjective learns from pairs of frames'
    ):
        model.prepare(batch())


def one_class(config):
    config['decode_head'].update(num_classes=1, out_channels=1)


@pytest.mark.parametrize(
    'settings, error, said',
    [
        (
            dict(temporal_consistency=dict(loss_weight=-1)),
            ValueError,
            '`loss_weight` of TemporalConsistencyObjective .*got -1',
        ),
        (dict(change=one_class), ValueError, 'needs two classes or more'),
        (dict(adversarial=3), TypeError, '`adversarial` of ITCR .*got 3'),
    ],
)
def test_settings_that_cannot_work(itcr, settings, error, said):
    with pytest.raises(error, match=f'(?s){said}'):
        itcr(**settings)


def test_classifiers_are_refused(build):
    with pytest.raises(TypeError, match='ITCR trains by Temporal.*classifie'):
        build('ITCR', segmentor=classifier_cfg())
