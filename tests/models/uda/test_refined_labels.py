"""Pseudo-labels that the frame before has a say in, within a training."""

import copy
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from helpers.frame_batches import add_frames
from helpers.tiny_classifiers import classifier_cfg
from helpers.tiny_networks import tiny_fused_mit
from mmengine.optim import OptimWrapper
from mmengine.structures import PixelData

from mmseg_balance.engine.hooks.teacher_update_hook import TeacherUpdateHook
from mmseg_balance.models import recording
from mmseg_balance.models.uda import segmentor as segmentors

BLDA = dict(type='BLDALoss', num_classes=4, min_samples=20)
GBW = dict(type='GBWLoss', mode='normalized')
NOW = dict(rule='consistency', start=0)
PLAIN = dict(jitter_probability=0.0, blur_probability=0.0)


@pytest.fixture
def refined(build, segmentor):
    """Build a method whose target images have frames before them."""

    def refined(kind='DACS', loss=None, rule=NOW, change=None, **kwargs):
        config = copy.deepcopy(segmentor(loss))
        config['data_preprocessor'] = dict(
            config['data_preprocessor'], type='FrameDataPreProcessor'
        )
        if change is not None:
            change(config)
        kwargs.setdefault('pseudo_threshold', 0.3)
        torch.manual_seed(0)
        return build(kind, None, config, pseudo_refinement=rule, **kwargs)

    return refined


def trained(model, optimizers, batch, steps=2):
    wrapper = optimizers(model)
    for i in range(steps):
        logs = model.train_step(add_frames(batch(seed=i)), wrapper)
        for module in model.modules():
            if hasattr(module, 'update_statistics'):
                module.update_statistics()
        model.update_teacher(i + 1)
    return logs


def votes(model, data):
    """Logits of the images and of the frames before, by the model itself."""
    teacher = copy.deepcopy(model.teacher)
    target = model.data_preprocessor(data['target'], training=True)
    images, earlier = target['inputs'].split((3, 6), 1)
    valid = earlier[:, 5] > 0.5
    with torch.no_grad():
        logits, before = (
            torch.nn.functional.interpolate(
                teacher.decode_head(teacher.extract_feat(x)), x.shape[-2:],
                mode='bilinear',
            ).softmax(1)
            for x in (images, earlier[:, :3])
        )  # fmt: skip
    return logits, before, valid


def moved(values, blank):
    """By the flow (2, -1): pixel (y, x) was at (y - 1, x + 2)."""
    out = torch.full_like(values, blank)
    out[:, 1:, :-2] = values[:, :-1, 2:]
    return out


@pytest.mark.parametrize('weighting', ['batch', 'pixel'])
@pytest.mark.parametrize('rule', ['consistency', 'max-confidence', 'warp'])
def test_labels_follow_the_rule(refined, batch, rule, weighting):
    settings = dict(rule=rule, start=0)
    more = dict(pseudo_weighting=weighting, pseudo_threshold=0.6)
    model = refined(rule=settings, **more)
    classifier = model.teacher.decode_head.conv_seg
    classifier.weight.data.normal_(generator=torch.manual_seed(1))
    classifier.bias.data.zero_()
    data = add_frames(batch())
    now, before, valid = votes(model, copy.deepcopy(data))
    pseudo = model.prepare(data).pseudo
    weights = []
    for each in (now, before):
        sure = (each.amax(1) >= 0.6).float()
        share = sure.mean().expand_as(sure)
        weights.append(share if weighting == 'batch' else sure)
    labels = now.argmax(1)
    seen = valid & moved(torch.ones_like(valid), False)
    other = moved(before.argmax(1), 255).masked_fill(~seen, 255)
    weight = moved(weights[1], 0).masked_fill(~seen, 0)
    if rule == 'consistency':
        keep = other == labels
        expected = labels.masked_fill(~keep, 255), weight * keep
    elif rule == 'warp':
        expected = other, weight
    else:
        surer = seen & (moved(before.amax(1), 0) > now.amax(1))
        expected = (
            torch.where(surer, other, labels),
            torch.where(surer, weight, weights[0]),
        )
    assert torch.equal(pseudo.labels, expected[0])
    torch.testing.assert_close(pseudo.weight, expected[1])
    assert len(pseudo.labels.unique()) > 2
    assert pseudo.confident == (now.amax(1) >= 0.6).float().mean()


def test_it_begins_with_its_iteration(refined, batch, optimizers):
    """Before that a training is the one without, bit for bit."""
    plain = refined(rule=None)
    late = refined(rule=dict(rule='consistency', start=2))
    wrappers = [optimizers(model) for model in (plain, late)]
    for i in range(3):
        logs = []
        for model, wrapper in zip((plain, late), wrappers, strict=True):
            torch.manual_seed(i)
            data = add_frames(batch(seed=i))
            logs.append(model.train_step(data, wrapper))
            model.update_teacher(i + 1)
        has = {k for k in logs[1] if k.startswith('refined.')}
        if i < 2:
            assert logs[0] == logs[1] and not has
        else:
            assert has == {f'refined.{k}' for k in ('seen', 'kept', 'changed')}
            assert logs[1]['refined.changed'] == 0
            assert 0 < logs[1]['refined.kept'] < logs[1]['refined.seen'] < 1
            assert (
                logs[0]['mix.decode.loss_ce']
                != (logs[1]['mix.decode.loss_ce'])
            )


def test_a_resumed_run_goes_on_with_the_iteration(refined, batch):
    model = refined(rule=dict(rule='consistency', start=7))
    hook = TeacherUpdateHook()
    for number, begun in ((6, False), (7, True)):
        hook.before_train(
            SimpleNamespace(model=model, iter=number, _load_from=None)
        )
        step = model.prepare(add_frames(batch()))
        assert bool(step.diagnostics) is begun
    assert [*model.state_dict()] == [*refined(rule=None).state_dict()]


def test_without_it_nothing_is_predicted_more(refined, batch):
    for rule, passes in ((None, 1), (dict(NOW, start=1), 1), (NOW, 2)):
        model, calls = refined(rule=rule), []
        model.teacher.backbone.register_forward_hook(
            lambda *given: calls.append(given)
        )
        step = model.prepare(add_frames(batch()))
        assert len(calls) == passes
        assert (step.target_frames is None) is (rule is None)
        assert step.plain_pseudo is None or rule is NOW


@pytest.mark.parametrize('masked', [False, True])
def test_masked_images_have_them_if_they_shall(refined, batch, masked):
    rule = dict(NOW, masked=masked)
    model = refined('MIC', rule=rule, augmentation=None)
    mixed, hidden = model.objectives[1:]
    step = model.prepare(add_frames(batch()))
    plain = votes(model, add_frames(batch()))[0].argmax(1)
    labels = hidden.training_batch(step).labels
    assert torch.equal(labels, step.pseudo.labels if masked else plain)
    assert step.pseudo.labels.eq(255).any()
    drawn = mixed.training_batch(step)
    own = drawn.target_mask
    assert torch.equal(drawn.labels[own], step.pseudo.labels[own])


def with_mit(config):
    config['backbone'] = tiny_fused_mit()
    config['decode_head'].update(in_channels=16, in_index=-1)


def with_hrda(config):
    head = config['decode_head']
    classes, loss = head.pop('num_classes'), head.pop('loss_decode')
    config.update(
        type='HRDAEncoderDecoder',
        detail_crop_size=(16, 16),
        crop_coord_divisible=8,
        decode_head=dict(
            type='HRDAHead',
            head=head,
            attention=copy.deepcopy(head),
            num_classes=classes,
            loss_decode=loss,
        ),
    )


THINGS = dict(classes=[1, 2], min_ratio=0.5)


@pytest.mark.parametrize(
    'kind, loss, settings',
    [
        ('MIC', BLDA, dict(density_estimation={})),
        ('MIC', GBW, {}),
        ('MIC', BLDA, dict(change=with_hrda, feature_distance=THINGS)),
        ('HRDA', GBW, dict(change=with_hrda, feature_distance=THINGS)),
        ('DACS', BLDA, dict(pseudo_balance=1.0)),
        ('CDAC', BLDA, dict(change=with_mit, feature_distance=THINGS)),
        ('MinEnt', None, dict(alpha=0.9, masked_consistency={})),
    ],
)
@pytest.mark.parametrize('rule', ['consistency', 'max-confidence', 'rare'])
def test_methods_train_with_it(
    refined, batch, optimizers, kind, loss, settings, rule
):
    more = dict(rare_classes=[3]) if rule == 'rare' else {}
    chosen = dict(rule=rule, start=1, masked=kind == 'MinEnt', **more)
    model = refined(kind, loss, chosen, **settings)
    logs = trained(model, optimizers, batch, steps=3)
    assert logs['loss'] > 0 and 0 < logs['refined.seen'] < 1
    if loss is BLDA:
        head = model.student.decode_head
        statistics = head.loss_decode.statistics
        assert statistics.target.num_updates.any()


def test_margins_are_of_the_image_wherever_a_label_comes_from(refined, batch):
    rule = dict(rule='warp', start=0)
    model = refined(rule=rule, ignore_top=6, ignore_bottom=3)
    data = add_frames(batch(), flow=(0.0, 8.0))
    trusted = torch.zeros(1, 32, 32)
    trusted[..., 4:20] = 1
    for sample in data['target']['data_samples']:
        sample.valid_pseudo = PixelData(data=trusted)
    pseudo = model.prepare(data).pseudo
    assert not pseudo.weight[:, :6].any()
    assert not pseudo.weight[:, -3:].any()
    assert not pseudo.weight[..., :4].any()
    assert not pseudo.weight[..., 20:].any()
    assert pseudo.weight[:, 6:20, 4:20].any()
    # the rows below were in the lower margin of the frame before, or beyond
    assert not pseudo.weight[:, 32 - 3 - 8 :].any()
    assert pseudo.labels[:, 24:].eq(255).all()


def test_padding_is_no_place_to_come_from(refined, batch):
    rule = dict(rule='warp', start=0)
    model = refined(rule=rule)
    data = batch()
    part = data['target']
    part['inputs'][0] = part['inputs'][0][:, :, :20].contiguous()
    data = add_frames(data, flow=(4.0, 0.0))
    pseudo = model.prepare(data).pseudo
    assert pseudo.labels[0, :, 16:].eq(255).all()
    assert (pseudo.labels[0, :, :16] != 255).any()
    assert not pseudo.weight[0, :, 16:].any()


def test_pictures_show_how_sure_the_teacher_is_of_the_image(refined, batch):
    class Recorder:
        found = {}

        def wants(self, row, name):
            return (row, name) not in self.found

        def record(self, row, name, value):
            self.found[row, name] = value

    model, recorder = refined(), Recorder()
    data = add_frames(batch())
    now = votes(model, copy.deepcopy(data))[0]
    with recording.recording(recorder):
        step = model.prepare(data)
    seen = recorder.found
    torch.testing.assert_close(
        seen['target', recording.CONFIDENCE], now.amax(1)
    )
    assert torch.equal(seen['target', recording.LABELS], step.pseudo.labels)


def test_no_value_is_fetched(refined, batch, monkeypatch):
    """On the meta device whatever makes the host wait raises."""
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    logs = {}
    monkeypatch.setattr(
        segmentors, 'to_host', lambda found, _: logs.update(found)
    )
    rule = dict(rule='rarer', rare_classes=[2, 1], start=0)
    model = refined('MIC', BLDA, rule).to('meta')
    optimizer = torch.optim.SGD(model.trainable.parameters(), 0.1)
    wrapper = OptimWrapper(optimizer)
    model.train_step(add_frames(batch()), wrapper)
    assert logs['refined.seen'].device.type == 'meta'


def test_images_without_frames_are_refused_before_it_begins(refined, batch):
    model = refined(rule=dict(NOW, start=100))
    with pytest.raises(ValueError, match='pseudo_refinement learns .*target'):
        model.prepare(batch())


def plain_preprocessor(config):
    config['data_preprocessor']['type'] = 'SegDataPreProcessor'


@pytest.mark.parametrize(
    'kind, settings, error, said',
    [
        ('SourceOnly', {}, ValueError, 'no objective learns'),
        ('MinEnt', dict(alpha=0.9), ValueError, 'no objective learns'),
        (
            'MinEnt',
            dict(alpha=0.9, masked_consistency={}),
            ValueError,
            'masked=True',
        ),
        (
            'DACS',
            dict(change=plain_preprocessor),
            TypeError,
            "'SegDataPreProcessor': set it to 'FrameDataPreProcessor'",
        ),
    ],
)
def test_what_it_cannot_serve_is_refused(refined, kind, settings, error, said):
    with pytest.raises(error, match=f'(?s)pseudo_refinement .*{said}'):
        refined(kind, **settings)


def test_classifiers_are_refused(build):
    with pytest.raises(TypeError, match='pseudo_refinement .*classifier'):
        build(
            'ClassificationMIC',
            segmentor=classifier_cfg(),
            pseudo_refinement=NOW,
        )
