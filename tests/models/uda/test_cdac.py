"""What a step of CDAC is made of."""

import copy
from dataclasses import replace

import pytest
import torch
from helpers.tiny_networks import tiny_fused_mit
from mmengine.optim import OptimWrapper

from mmseg_balance.models.uda import objectives
from mmseg_balance.models.uda.objectives import (
    ClassMixedObjective,
    cross_attention,
)
from mmseg_balance.models.uda.objectives.step import UDAStep
from mmseg_balance.models.uda.teacher.pseudo_labels import PseudoLabels

THINGS = dict(classes=[1, 2], min_ratio=0.5)
BLDA = dict(type='BLDALoss', num_classes=4, min_samples=4)
STREAMS = ('src', 't2s', 'mix', 's2t')
MIT = tiny_fused_mit()


@pytest.fixture
def cdac(build, segmentor):
    """Build the method on a tiny MiT, whose attention is not uniform."""

    def make(kind='CDAC', loss=None, backbone=None, **kwargs):
        cfg = segmentor(loss)
        cfg['backbone'] = dict(MIT, **(backbone or {}))
        cfg['decode_head'].update(in_channels=16, in_index=-1)
        kwargs.setdefault('feature_distance', THINGS)
        torch.manual_seed(0)
        model = build(kind, segmentor=cfg, pseudo_threshold=0.0, **kwargs)
        generator = torch.Generator().manual_seed(0)
        for part in (model.student, model.teacher):
            for parameter in part.backbone.parameters():
                parameter.data += 0.2 * torch.randn(
                    parameter.shape, generator=generator
                )
        return model

    return make


def train(model, data, rate=0.0):
    wrapper = OptimWrapper(torch.optim.SGD(model.trainable.parameters(), rate))
    logs = model.train_step(data, wrapper)
    for module in model.modules():
        if hasattr(module, 'update_statistics'):
            module.update_statistics()
    model.update_teacher(1)
    return logs


def test_a_step_learns_from_four_streams_and_the_attention(cdac, batch):
    model = cdac()
    assert [o.prefix for o in model.objectives] == ['cdac']
    assert model.alpha == 0.999
    before = [p.detach().clone() for p in model.student.parameters()]
    [objective] = model.objectives
    own = {k: copy.copy(v) for k, v in vars(objective).items()}
    logs = train(model, batch(), rate=0.1)
    assert vars(objective) == own  # no attention is kept
    parts = [f'cdac.{s}.decode.loss_ce' for s in STREAMS]
    parts += ['cdac.loss_attention', 'cdac.loss_feature_distance']
    assert all(logs[part] > 1e-4 for part in parts)
    assert logs['loss'] == pytest.approx(sum(logs[part] for part in parts))
    assert logs['cdac.confident'] == 1
    after = list(model.student.parameters())
    assert all(not torch.equal(a, b) for a, b in zip(before, after))


def test_both_passes_of_sam_have_the_attention(cdac, batch, optimizers):
    """That of the target is recorded once, and serves both."""
    model = cdac()
    wrapper = optimizers(model, type='SAMOptimWrapper', rho=0.0)
    logs = model.train_step(batch(), wrapper)
    assert logs['cdac.loss_attention'] > 1e-4
    assert logs['loss'] == pytest.approx(logs['pass1.loss'], rel=1e-6)


def test_its_student_has_the_keys_of_daformer(cdac):
    assert cdac().state_dict().keys() == cdac('DAFormer').state_dict().keys()


@pytest.mark.parametrize('weight', [0, 0.25])
def test_weights(cdac, batch, weight):
    logs = []
    for name in ('loss_weight', 'attention_weight'):
        for value in (weight, 1):
            model = cdac(cross_attention={name: value})
            torch.manual_seed(3)
            logs.append(train(model, batch()))
    less, more, weak, strong = logs
    for stream in STREAMS:
        key = f'cdac.{stream}.decode.loss_ce'
        assert less[key] == pytest.approx(weight * more[key])
        assert weak[key] == pytest.approx(more[key] / 2)
    own = weak.get('cdac.loss_attention', 0)
    assert own == pytest.approx(weight * strong['cdac.loss_attention'])


def test_without_attention_the_teacher_looks_at_the_target_alone(cdac, batch):
    for weight, expected in ((0, 1), (1, 2)):
        model = cdac(cross_attention=dict(attention_weight=weight))
        calls = []
        model.teacher.backbone.register_forward_hook(
            lambda *_: calls.append(0)
        )
        logs = train(model, batch())
        assert len(calls) == expected
        assert ('cdac.loss_attention' in logs) == bool(weight)


def make_step(model, size=(32, 32)):
    """Noise with known pseudo-labels."""
    generator = torch.Generator().manual_seed(5)
    source, target = torch.randn(2, 2, 3, *size, generator=generator)
    labels, pseudo = torch.randint(4, (2, 2, *size), generator=generator)
    return UDAStep(
        source,
        labels,
        target,
        torch.ones_like(labels, dtype=torch.bool),
        PseudoLabels(pseudo, 0.7 * torch.ones(2, *size), torch.tensor(0.7)),
    )


def run_objective(model, step):
    objective = model.objectives[0]
    with objective.labelling(model.teacher) as attention:
        model.teacher_logits(step.target_images)
    step = replace(step, records={objective: attention})
    losses = objective(model.student, step)
    assert not attention  # let go of before the heads ran
    return losses


def test_images_are_mixed_by_the_draws_of_dacs(cdac, monkeypatch):
    model = cdac()
    mixed = ClassMixedObjective()
    mixed.attach(model.student)
    step, seen = make_step(model), []
    monkeypatch.setattr(
        objectives.class_mixed,
        'segmentation_losses',
        lambda student, features, targets, **_: seen.append(targets) or {},
    )
    features = []
    model.student.backbone.register_forward_pre_hook(
        lambda _, args: features.append(args[0])
    )
    torch.manual_seed(7)
    mixed(model.student, step)
    own = []
    monkeypatch.setattr(
        cross_attention,
        'prediction_losses',
        lambda student, features, targets, **_: own.append(targets) or [],
    )
    streams = cross_attention.cross_domain_features
    monkeypatch.setattr(
        cross_attention,
        'cross_domain_features',
        lambda net, a, b, **kwargs: (
            features.extend([a, b]) or streams(net, a, b, **kwargs)
        ),
    )
    torch.manual_seed(7)
    run_objective(model, step)
    expected, source, found = features
    assert torch.equal(source, step.source_images)
    assert torch.equal(found, expected)
    [expected] = seen
    assert not torch.equal(expected.labels, step.pseudo.labels)
    assert 0 < expected.target_mask.float().mean() < 1

    src, t2s, mix, s2t = own
    for part in (src, t2s):
        assert torch.equal(part.labels, step.source_labels)
        assert part.target_mask is None
    for part in (mix, s2t):
        assert torch.equal(part.labels, expected.labels)
        assert torch.equal(part.target_mask, expected.target_mask)
    for part in (t2s, mix):
        assert torch.equal(part.weight, expected.weight)
    for part in (src, s2t):
        assert part.weight is None


def test_statistics_learn_from_the_domains_alone(cdac, batch, monkeypatch):
    model = cdac(loss=BLDA, density_estimation={})
    statistics = model.student.decode_head.loss_decode.statistics
    pixels = []
    collect = statistics.collect

    def noted(logits, labels, target_mask, *args):
        pixels.append(target_mask)
        collect(logits, labels, target_mask, *args)

    monkeypatch.setattr(statistics, 'collect', noted)
    for seed in range(2):
        pixels.clear()
        logs = train(model, batch(seed=seed))
        source, mixed = pixels
        assert source is None
        assert 0 < mixed.float().mean() < 1
    densities = {k for k in logs if 'density' in k}
    assert densities == {
        'cdac.src.decode.loss_density',
        'cdac.mix.decode.loss_density',
    }
    assert all(logs[k] > 0 for k in densities)
    assert int(statistics.source.num_updates.sum()) > 0
    assert int(statistics.target.num_updates.sum()) > 0


def test_density_keeps_its_own_weight(cdac, batch):
    logs = []
    for weight in (0.5, 1.0):
        model = cdac(
            loss=BLDA,
            density_estimation={},
            cross_attention=dict(loss_weight=weight),
        )
        for seed in range(2):
            torch.manual_seed(seed)
            values = train(model, batch(seed=seed))
        logs.append(values)
    key = 'cdac.{}.decode.loss_{}'
    for stream in ('src', 'mix'):
        density, loss = (key.format(stream, k) for k in ('density', 'blda'))
        assert logs[0][density] == pytest.approx(logs[1][density])
        assert logs[0][loss] == pytest.approx(logs[1][loss] / 2)


@pytest.mark.parametrize('size', [(64, 96), (50, 70)])
def test_images_need_not_be_square(cdac, size):
    model = cdac()
    losses = run_objective(model, make_step(model, size))
    assert losses['loss_attention'] > 1e-4
    total = sum(v for k, v in losses.items() if 'loss' in k)
    total.backward()
    assert all(
        p.grad.isfinite().all() for p in model.student.backbone.parameters()
    )


def test_the_attention_loss_draws_the_student_to_the_teacher(cdac):
    model = cdac(cross_attention=dict(loss_weight=0, augmentation=None))
    step = make_step(model)
    optimizer = torch.optim.Adam(model.student.backbone.parameters(), 3e-3)
    values = []
    for _ in range(15):
        torch.manual_seed(1)
        loss = run_objective(model, step)['loss_attention']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.7 * values[0]


def test_no_tensor_as_large_as_a_map_is_kept(cdac):
    """At 128 x 128 a map of the first stage is the largest tensor by far."""
    model = cdac(backbone=dict(sr_ratios=[1, 1]))
    step = make_step(model, (128, 128))
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: sizes.append(t.untyped_storage().nbytes()) or t, lambda t: t
    ):
        losses = run_objective(model, step)
    one_map = 2 * 1 * (32 * 32) ** 2 * 4  # images, heads, entries, bytes
    assert losses['loss_attention'] > 0
    assert max(sizes) < one_map / 2


def test_checkpointing_keeps_less_and_changes_nothing(cdac):
    results = []
    for with_cp in (False, True):
        model = cdac(backbone=dict(with_cp=with_cp, drop_path_rate=0.3))
        step = make_step(model, (64, 64))
        storages = {}

        def keep(tensor):
            storage = tensor.untyped_storage()
            storages[storage._cdata] = storage.nbytes(), tensor
            return tensor

        torch.manual_seed(2)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
            losses = run_objective(model, step)
        kept = sum(size for size, _ in storages.values())
        loss = sum(v for k, v in losses.items() if 'loss' in k)
        loss.backward()
        gradients = [p.grad for p in model.student.parameters()]
        results.append((loss, gradients, kept))
    (loss, gradients, kept), (again, same, less) = results
    torch.testing.assert_close(loss, again)
    torch.testing.assert_close(gradients, same)
    assert less < 0.8 * kept


def test_a_neck_and_an_auxiliary_head(build, segmentor, batch):
    cfg = segmentor()
    cfg['backbone'] = MIT
    cfg['neck'] = dict(
        type='MultiLevelNeck',
        in_channels=[8, 16],
        out_channels=8,
        scales=[1, 1],
        norm_cfg=dict(type='BN'),
    )
    cfg['auxiliary_head'] = dict(cfg['decode_head'], in_index=0)
    logs = train(build('CDAC', segmentor=cfg, feature_distance=None), batch())
    for stream in STREAMS:
        assert logs[f'cdac.{stream}.decode.loss_ce'] > 0
        assert logs[f'cdac.{stream}.aux.loss_ce'] > 0


def test_it_goes_with_other_objectives(build, segmentor, batch):
    cfg = segmentor()
    cfg['backbone'] = MIT
    cfg['decode_head'].update(in_channels=16, in_index=-1)
    parts = [
        dict(type='CrossAttentionObjective'),
        dict(type='MaskedObjective', block_size=8),
    ]
    model = build('UDASegmentor', segmentor=cfg, objectives=parts, alpha=0.9)
    logs = train(model, batch())
    assert {'cdac', 'masked'} <= {key.split('.')[0] for key in logs}


@pytest.mark.parametrize('name', ['loss_weight', 'attention_weight'])
@pytest.mark.parametrize('value', [-1, float('nan'), float('inf'), '1'])
def test_weights_out_of_range_are_refused(cdac, name, value):
    with pytest.raises(ValueError, match=f'`{name}`.*at least 0.*{value}'):
        cdac(cross_attention={name: value})


def test_a_backbone_without_attention_is_refused(build, segmentor):
    with pytest.raises(
        TypeError, match="'TinyBackbone'.*FusedMixVisionTransformer.*DAFormer"
    ):
        build('CDAC', feature_distance=THINGS)
    cfg = copy.deepcopy(segmentor())
    cfg['backbone'] = dict(MIT, type='MixVisionTransformer')
    cfg['decode_head'].update(in_channels=16, in_index=-1)
    with pytest.raises(TypeError, match='weights and keys are the same'):
        build('CDAC', segmentor=cfg, feature_distance=None)


def test_two_resolutions_are_refused(build, segmentor):
    cfg = segmentor()
    single = cfg.pop('decode_head')
    loss, _ = single.pop('loss_decode'), single.pop('num_classes')
    cfg.update(
        type='HRDAEncoderDecoder',
        backbone=MIT,
        detail_crop_size=(16, 16),
        crop_coord_divisible=4,
        decode_head=dict(
            type='HRDAHead',
            head=single,
            attention=single,
            num_classes=4,
            loss_decode=loss,
        ),
    )
    with pytest.raises(TypeError, match='one resolution'):
        build('CDAC', segmentor=cfg, feature_distance=None)


def test_it_needs_a_teacher(cdac):
    with pytest.raises(ValueError, match='alpha'):
        cdac(alpha=None)


def test_colours_reach_the_mixed_images(cdac):
    given = dict(
        jitter_probability=0.1, jitter_strength=0.3, blur_probability=0.4
    )
    for arguments in given, dict(augmentation=given):
        augmentation = cdac(**arguments).objectives[0].augmentation
        assert {k: getattr(augmentation, k) for k in given} == given
        assert augmentation.mean.flatten().tolist() == [120] * 3
    for off in dict(strong_augmentation=False), dict(augmentation=None):
        plain = cdac(**off).objectives[0]
        assert isinstance(plain.augmentation, torch.nn.Identity)


def test_features_are_compared_on_the_source_stream(cdac):
    model = cdac(feature_distance=dict(THINGS, loss_weight=2.0))
    step = make_step(model)
    step.source_labels[:] = 1
    model.eval()
    torch.manual_seed(0)
    found = run_objective(model, step)['loss_feature_distance']
    distance = model.objectives[0].feature_distance
    student, frozen = (
        part.backbone(step.source_images)[-1]
        for part in (model.student, distance)
    )
    expected = 2 * (student - frozen).norm(dim=1).mean()
    torch.testing.assert_close(found, expected)
