"""What is kept of the source, and what the target learns from it."""

import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.uda.alignment.compared_features import (
    ComparedFeatures,
    evaluating,
)
from mmseg_balance.models.uda.objectives import FeatureAlignmentObjective

ALIGNED = dict(stuff_classes=[0, 1], thing_classes=[2, 3])
SMALL = dict(ALIGNED, stuff_buffer=1, thing_buffer=2, check_class=False)
TERMS = (
    dict(type='AdversarialObjective', loss_weight=0.5),
    dict(type='EntropyObjective', kind='max_square', loss_weight=0.5),
    dict(
        type='FeatureAlignmentObjective',
        **SMALL,
        stuff_weight=0.5,
        thing_weight=0.5,
    ),
)


def aligned(model):
    return next(
        m for m in model.modules() if isinstance(m, FeatureAlignmentObjective)
    )


def passes(model):
    """Sizes of the batches that the student's backbone is given."""
    seen = []
    model.student.backbone.register_forward_hook(
        lambda _, args, __: seen.append(len(args[0]))
    )
    return seen


def test_terms_share_one_pass(build, batch, optimizers):
    apart = build(
        'UDASegmentor', objectives=[dict(type='SourceObjective'), *TERMS]
    )
    shared = build(
        'UDASegmentor',
        objectives=[
            dict(type='SourceObjective'),
            dict(type='TargetPassObjective', terms=TERMS),
        ],
    )
    shared.load_state_dict(
        {
            key.replace('objectives.1.', 'objectives.1.terms.0.')
            .replace('objectives.2.', 'objectives.1.terms.1.')
            .replace('objectives.3.', 'objectives.1.terms.2.'): value
            for key, value in apart.state_dict().items()
        }
    )
    logs = []
    for model, wanted in ((apart, 4), (shared, 2)):
        wrapper, seen = optimizers(model), passes(model)
        for i in range(3):
            log = model.train_step(batch(seed=i), wrapper)
        assert len(seen) == 3 * wanted
        logs.append(log)
    one, both = logs
    assert one['align.loss_stuff'] > 0 and one['align.loss_thing'] > 0
    buffers = aligned(apart).stuff, aligned(apart).things
    ready = sum(int(b.is_full.sum()) for b in buffers)
    assert one['align.ready_classes'] == ready > 0
    for key, value in both.items():
        # each term by itself has a prefix of its own
        names = [key, key.replace('tgt.', 'adv.'), key.replace('tgt', 'align')]
        found = next(one[name] for name in names if name in one)
        assert value == pytest.approx(found, rel=1e-4, abs=1e-6), key
    # but for batch norms' running statistics, which count each pass
    students = (model.student.parameters() for model in (apart, shared))
    for a, b in zip(*students, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_labels_of_the_target_are_learnt_on_the_same_pass(
    build, batch, segmentor, optimizers
):
    loss = dict(type='BLDALoss', num_classes=4, min_samples=4)
    model = build(
        'PHFA',
        segmentor=segmentor(loss, auxiliary_head=segmentor()['decode_head']),
        feature_alignment=SMALL,
        labelled_target=dict(loss_weight=0.5),
        density_estimation={},
    )
    assert model.needs_target_labels and len(model.objectives) == 2
    data, seen = batch(), passes(model)
    for sample in data['target']['data_samples']:
        labels = torch.full((1, 32, 32), 3)
        sample.gt_sem_seg = PixelData(data=labels)
    logs = model.train_step(data, optimizers(model))
    assert len(seen) == 2
    assert {
        *('tgt.decode.loss_blda', 'tgt.decode.loss_density'),
        *('tgt.aux.loss_ce', 'tgt.decode.loss_generator', 'tgt.loss_stuff'),
    } <= set(logs)
    alone = build('SourceOnly', segmentor=segmentor(), labelled_target={})
    # what it is by itself, but for the weight
    shared = build(
        'PHFA',
        segmentor=segmentor(),
        feature_alignment=None,
        labelled_target=dict(loss_weight=0.5),
    )
    shared.student.load_state_dict(alone.student.state_dict())
    found = shared.train_step(copy.deepcopy(data), optimizers(shared))
    expected = alone.train_step(data, optimizers(alone))
    assert found['tgt.decode.loss_ce'] == pytest.approx(
        0.5 * expected['labelled.decode.loss_ce']
    )


@pytest.mark.parametrize('check', [True, False])
def test_features_of_right_pixels_are_kept(build, batch, optimizers, check):
    settings = dict(ALIGNED, thing_buffer=500, check_class=check)
    model = build('SIM', feature_alignment=settings)
    objective = aligned(model)
    head, seen = model.student.decode_head, []

    def see(_, args):
        if not head.training:  # the classifier is asked for means
            return
        seen.append(args[0].detach())

    head.conv_seg.register_forward_pre_hook(see)
    data = batch()
    labels = torch.stack(
        [s.gt_sem_seg.data[0] for s in data['source']['data_samples']]
    )
    nn.init.normal_(head.conv_seg.weight)
    classify = copy.deepcopy(head.conv_seg)
    model.train_step(data, optimizers(model))
    features = seen[0]
    labels = labels[:, ::2, ::2]  # nearest: features are half as large
    right = classify(features).argmax(1) == labels
    expected = [[], []]
    for stuff in (0, 1):
        for n in range(2):
            mask = right[n] & (labels[n] == stuff)
            if mask.any():
                mean = features[n][:, mask].mean(1)
                taken = classify(mean[:, None, None]).argmax() == stuff
                expected[stuff] += [mean] if taken or not check else []
    assert expected[0] or expected[1]
    for stuff, means in enumerate(expected):
        assert objective.stuff.written[stuff] == len(means)
        for place, mean in enumerate(means):
            kept = objective.stuff.features[stuff, place]
            torch.testing.assert_close(kept, mean)


def test_padding_of_the_target_does_not_count(
    build, batch, segmentor, optimizers
):
    losses = []
    for shade in (0, 255):
        torch.manual_seed(0)
        model = build(
            'SIM',
            segmentor=segmentor(head_kwargs=dict(concat_input=False)),
            feature_alignment=SMALL,
            adversarial=None,
        )
        wrapper = optimizers(model)
        # the network sees pixels apart, so that padding stays where it is
        model.student.backbone.layers[0] = nn.Conv2d(3, 8, 2, 2)
        model.student.backbone.layers[4] = nn.Conv2d(8, 8, 1)
        model.student.backbone.layers[1] = nn.Identity()
        model.student.decode_head.convs = nn.Identity()
        for i in range(3):
            data = batch(seed=i)
            target = data['target']
            target['inputs'] = [x[:, :24] for x in target['inputs']]
            model.data_preprocessor.pad_val = shade
            log = model.train_step(data, wrapper)
        losses.append([v for k, v in log.items() if k.startswith('tgt')])
    assert sum(losses[0]) > 0
    assert losses[0] == losses[1]


def test_buffers_go_on_where_they_were(build, batch, optimizers):
    model = build('PHFA', feature_alignment=SMALL)
    model.train_step(batch(), optimizers(model))
    state = model.state_dict()
    other = build('PHFA', feature_alignment=SMALL)
    other.load_state_dict(state)
    for name in ('stuff', 'things'):
        a, b = (getattr(aligned(m), name) for m in (model, other))
        assert a.written.sum() > 0
        assert torch.equal(a.features, b.features)
        assert torch.equal(a.written, b.written)


def test_low_precision_compares_in_float32(build, batch, optimizers):
    logs = []
    for is_low in (False, True):
        torch.manual_seed(0)
        model = build('SIM', feature_alignment=SMALL, adversarial=None)
        wrapper = optimizers(model)
        for i in range(3):
            with torch.autocast('cpu', torch.bfloat16, enabled=is_low):
                logs.append(model.train_step(batch(seed=i), wrapper))
        assert aligned(model).things.rows.dtype == torch.float32
    whole, low = logs[2], logs[5]
    assert whole['tgt.loss_thing'] > 0
    assert low['tgt.loss_thing'] == pytest.approx(
        whole['tgt.loss_thing'], rel=0.3
    )


def dlv2(segmentor, **kwargs):
    cfg = segmentor(**kwargs)
    cfg['decode_head'] = dict(
        type='DLV2Head',
        in_channels=8,
        in_index=0,
        num_classes=4,
        dilations=(1, 6),
    )
    return cfg


def test_the_classifier_of_deeplab_takes_means(build, segmentor):
    """As maps of one pixel: the middle of each kernel counts."""
    model = build('SIM', segmentor=dlv2(segmentor), feature_alignment=ALIGNED)
    compared = aligned(model).compared
    assert compared.channels == 8
    means = torch.randn(2, 3, 8)
    weight, bias = (
        sum(getattr(m.conv, k) for m in model.student.decode_head.aspp_modules)
        for k in ('weight', 'bias')
    )
    logits = means @ weight[:, :, 1, 1].T + bias
    found = compared.taken_for(means, model.student)
    assert torch.equal(found, logits.argmax(-1))


def test_a_head_on_one_output_takes_means(build, segmentor):
    """By running statistics, without dropout, and leaving no trace."""
    cfg = segmentor(dropout=0.5, head_kwargs=dict(norm_cfg=dict(type='BN')))
    model = build(
        'SIM', segmentor=cfg, feature_alignment=dict(ALIGNED, feature=-1)
    )
    student = model.student
    before = {k: v.clone() for k, v in student.state_dict().items()}
    modes = [m.training for m in student.modules()]
    means = torch.randn(5, 8)
    found = aligned(model).compared.taken_for(means, student)
    for key, value in student.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert [m.training for m in student.modules()] == modes
    with evaluating(student), torch.no_grad():
        logits = student.decode_head.forward([means[..., None, None]])
    assert torch.equal(found, logits.argmax(1).flatten())


def test_features_of_an_index_are_the_backbones(build, segmentor):
    model = build(feature_alignment=ALIGNED | dict(feature=0), kind='SIM')
    inputs = (torch.zeros(1, 8, 2, 2), None)
    compared = ComparedFeatures(0, True, model.student)
    assert compared.of(inputs, None) is inputs[0]
    assert not compared.enter_classifier


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(stuff_classes=3), 'stuff_classes.*indices of classes.*3'),
        (dict(thing_classes=[-1]), r'thing_classes.*\[-1\]'),
        (dict(thing_classes=[1, 2]), r'each of them once, but got \[1\] more'),
        (dict(stuff_classes=[], thing_classes=[]), 'but got none'),
        (dict(thing_classes=[2, 4]), r'num_classes=4, but got \[2, 4\]'),
        (dict(thing_buffer=0), 'thing_buffer.*at least 1, but got 0'),
        (dict(max_objects=1.5), 'max_objects.*1.5'),
        (dict(stuff_weight=-1), 'stuff_weight.*at least 0'),
        (dict(feature='layer4'), "feature.*'classifier' or the index.*layer4"),
        (dict(check_class='no'), "check_class.*True or False.*'no'"),
        (dict(feature=True), 'feature.*True'),
        (dict(feature=1), 'one of the 1 outputs of TinyBackbone, 0 to 0'),
        (dict(feature=-2), 'TinyBackbone.*but got -2.*out_indices'),
    ],
)
def test_settings_that_cannot_work(build, settings, words):
    with pytest.raises(ValueError, match=words):
        build('SIM', feature_alignment=ALIGNED | settings)


@MODELS.register_module()
class PairBackbone(nn.Module):
    """Two outputs of one size."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 8, 3, 2, 1)

    def forward(self, images):
        return (self.layer(images), self.layer(images).relu())


def test_networks_without_the_feature(build, segmentor):
    model = build(segmentor=segmentor())
    head = model.student.decode_head
    conv = head.conv_seg
    del head.conv_seg
    with pytest.raises(TypeError, match='classifier of FCNHead is not known'):
        ComparedFeatures('classifier', True, model.student)
    head.conv_seg = conv
    head.in_index = [0]
    head.input_transform = 'multiple_select'
    words = r'FCNHead does not classify this output.*alone.*in_index=\[0\]'
    with pytest.raises(ValueError, match=words):
        ComparedFeatures(0, True, model.student)
    assert ComparedFeatures(0, False, model.student).channels == 8
    # a head on another output
    cfg = segmentor()
    cfg['backbone'] = dict(type='PairBackbone')
    cfg['decode_head'].update(in_index=1)
    model = build(segmentor=cfg)
    assert ComparedFeatures(-1, True, model.student).channels == 8
    with pytest.raises(ValueError, match='feature=0.*not classify this'):
        ComparedFeatures(0, True, model.student)


def test_it_needs_a_source(build):
    with pytest.raises(ValueError, match='FeatureAlignmentObjective compares'):
        build(
            'UDASegmentor',
            objectives=[dict(type='FeatureAlignmentObjective', **ALIGNED)],
        )


def test_parts_of_methods(build, batch, optimizers):
    model = build('PHFA', feature_alignment=ALIGNED)
    adversarial, square, objective = model.objectives[1].terms
    assert adversarial.loss_weight == 0.01
    assert not adversarial.uses_auxiliary and not square.uses_auxiliary
    assert square.kind == 'image_weighted_max_square'
    assert square.loss_weight == 0.003
    assert square.criterion.keywords == dict(ratio=0.2)
    assert objective.capacities == (50, 50)
    model = build('SIM', feature_alignment=ALIGNED)
    adversarial, objective = model.objectives[1].terms
    assert adversarial.loss_weight == 0.001
    assert objective.capacities == (50, 500)
    assert objective.find_segments.max_objects == 10
    assert objective.stuff_weight == objective.thing_weight == 0.01
    with pytest.raises(ValueError, match='is AdaptSegNet'):
        build('SIM', feature_alignment=None)
    # a part less, down to one
    parts = dict(adversarial=None, max_square=None)
    model = build('PHFA', feature_alignment=ALIGNED, **parts)
    assert model.discriminators is None
    logs = model.train_step(batch(), optimizers(model))
    assert not any('generator' in key for key in logs)
    with pytest.raises(ValueError, match="all None.*type='SourceOnly'"):
        build('PHFA', feature_alignment=None, **parts)


@pytest.mark.parametrize('kind', ['PHFA', 'SIM'])
@pytest.mark.parametrize(
    'part', ['feature_alignment', 'adversarial', 'max_square']
)
def test_parts_are_left_out_by_none_alone(build, kind, part):
    parts = dict(feature_alignment=ALIGNED) | {part: False}
    words = f'`{part}` of {kind} to be a dict.*None to leave it out.*False'
    with pytest.raises(TypeError, match=words):
        build(kind, **parts)


def test_terms_that_cannot_share_a_pass():
    def build(*terms):
        cfg = dict(type='TargetPassObjective', terms=list(terms))
        return MODELS.build(ConfigDict(cfg))

    with pytest.raises(ValueError, match='`terms`.*got none'):
        build()
    with pytest.raises(TypeError, match='got SourceObjective: move it'):
        build(dict(type='SourceObjective'))
    with pytest.raises(ValueError, match='optimizer of its own'):
        build(TERMS[0], TERMS[0])
