"""The training step of a UDA model against plain autograd."""

import copy
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.engine.hooks import TeacherUpdateHook
from mmseg_balance.models.uda import Objective

OFF = dict(jitter_probability=0.0, blur_probability=0.0)


def sgd(model, lr=0.1, **kwargs):
    return OptimWrapper(
        torch.optim.SGD(model.trainable.parameters(), lr), **kwargs
    )


class Squares(Objective):
    """An objective that needs no data: the squared weights, scaled."""

    needs_target = False

    def __init__(self, prefix, scale):
        super().__init__()
        self.prefix, self.scale = prefix, scale

    def forward(self, student, step):
        total = sum(p.square().sum() for p in student.parameters())
        return dict(loss_squares=self.scale * total, note=total.detach())


def squares_model(segmentor, *scales):
    return MODELS.build(
        dict(
            type='UDASegmentor',
            segmentor=segmentor(),
            objectives=[Squares(f'o{i}', s) for i, s in enumerate(scales)],
        )
    ).train()


def test_one_step_is_that_of_the_summed_losses(segmentor, batch):
    model = squares_model(segmentor, 1.0, 2.0)
    before = [p.detach().clone() for p in model.student.parameters()]
    logs = model.train_step(batch(), sgd(model))
    for old, new in zip(before, model.student.parameters()):
        torch.testing.assert_close(new.detach(), old - 0.1 * 2 * 3 * old)
    total = float(sum(p.square().sum() for p in before))
    assert logs['loss'] == pytest.approx(3 * total, rel=1e-5)
    assert logs['o1.loss_squares'] == pytest.approx(2 * total, rel=1e-5)
    assert logs['o0.note'] == pytest.approx(total, rel=1e-5)
    assert all(type(v) is float for v in logs.values())


def test_accumulation_averages_iterations(segmentor, batch):
    model = squares_model(segmentor, 1.0, 2.0)
    wrapper = sgd(model, accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 5)
    before = [p.detach().clone() for p in model.student.parameters()]
    expected = before
    for i in range(5):
        model.train_step(batch(), wrapper)
        assert wrapper._inner_count == i + 1
        if i % 2 or i == 4:  # the last one alone is a step of its own
            expected = [p - 0.1 * 2 * 3 * p for p in expected]
        for wanted, new in zip(expected, model.student.parameters()):
            torch.testing.assert_close(new.detach(), wanted)


def test_clipping_is_that_of_the_whole_gradient(segmentor, batch):
    model = squares_model(segmentor, 1.0, 2.0)
    before = torch.cat(
        [p.detach().flatten().clone() for p in model.student.parameters()]
    )
    model.train_step(batch(), sgd(model, clip_grad=dict(max_norm=0.5)))
    after = torch.cat(
        [p.detach().flatten() for p in model.student.parameters()]
    )
    step = (before - after) / 0.1
    assert step.norm() == pytest.approx(0.5, rel=1e-3)
    assert F.cosine_similarity(step, before, dim=0) > 0.9999


def test_source_only_is_mmsegs_own_loss(segmentor, batch, build):
    model = build('SourceOnly')
    reference = MODELS.build(segmentor()).train()
    reference.load_state_dict(model.student.state_dict())
    data = batch()
    logs = model.train_step(copy.deepcopy(data), sgd(model))
    given = reference.data_preprocessor(data['source'], True)
    losses = reference.loss(**given)
    assert logs['src.decode.loss_ce'] == pytest.approx(
        float(losses['decode.loss_ce']), rel=1e-5
    )
    assert logs['src.decode.acc_seg'] == pytest.approx(
        float(losses['decode.acc_seg']), abs=1e-3
    )
    losses['decode.loss_ce'].backward()
    torch.optim.SGD(reference.parameters(), 0.1).step()
    for own, wanted in zip(model.student.parameters(), reference.parameters()):
        torch.testing.assert_close(own, wanted)


def test_auxiliary_heads_and_several_losses(segmentor, batch, build):
    two = [
        dict(type='CrossEntropyLoss', loss_name='loss_a'),
        dict(type='CrossEntropyLoss', loss_name='loss_b', loss_weight=0.5),
    ]
    head = dict(
        type='FCNHead',
        in_channels=8,
        channels=8,
        num_classes=4,
        num_convs=1,
        loss_decode=dict(type='CrossEntropyLoss', loss_weight=0.4),
    )
    cfg = segmentor(two, auxiliary_head=head)
    model = build(segmentor=cfg)
    assert model.teacher.auxiliary_head is None
    logs = model.train_step(batch(), sgd(model))
    for domain in ('src', 'mix'):
        assert logs[f'{domain}.decode.loss_b'] == pytest.approx(
            0.5 * logs[f'{domain}.decode.loss_a'], rel=1e-5
        )
        assert logs[f'{domain}.aux.loss_ce'] > 0
    parts = sum(v for k, v in logs.items() if '.loss_' in k)
    assert logs['loss'] == pytest.approx(parts, rel=1e-5)


class Spy(nn.Module):
    """Keeps what a loss was given."""

    loss_name = 'loss_spy'

    def __init__(self):
        super().__init__()
        self.calls = []

    def __deepcopy__(self, memo):
        return Spy()

    def forward(
        self, cls_score, label, weight=None, ignore_index=255, target_mask=None
    ):
        self.calls.append((label, weight, target_mask))
        loss = F.cross_entropy(
            cls_score, label, reduction='none', ignore_index=ignore_index
        )
        return (loss if weight is None else loss * weight).mean()


MODELS.register_module(name='SpyLoss', module=Spy)


def test_losses_are_told_label_weight_and_domain(batch, build):
    model = build(loss=dict(type='SpyLoss'), pseudo_threshold=0.0, **OFF)
    spy = model.student.decode_head.loss_decode
    data = batch(target_size=24)  # the rest is padding
    step = model.prepare(copy.deepcopy(data))
    model.train_step(data, sgd(model))
    (labels, weight, target), (mixed, mixed_weight, mask) = spy.calls
    assert weight is None and target is None
    assert torch.equal(labels, step.source_labels)
    valid = torch.zeros(2, 32, 32, dtype=torch.bool)
    valid[:, :24, :24] = True
    assert torch.equal(step.target_valid, valid)
    assert mask.any() and not mask.all()
    assert torch.equal(mixed[~mask], labels[~mask])
    assert torch.equal(mixed[mask], step.pseudo.labels[mask])
    assert (mixed_weight[~mask] == 1).all()
    assert torch.equal(mixed_weight[mask], valid[mask].float())


def test_small_source_images_are_padded_with_ignore(batch, build):
    model = build(loss=dict(type='SpyLoss'))
    model.train_step(batch(size=24, target_size=32), sgd(model))
    labels = model.student.decode_head.loss_decode.calls[0][0]
    assert labels.shape == (2, 32, 32)
    assert (labels[:, 24:] == 255).all() and (labels[:, :24, :24] < 4).all()


def test_the_teacher_is_a_copy_without_losses_and_dropout(segmentor, build):
    model = build(
        segmentor=segmentor(dict(type='BLDALoss', num_classes=4), dropout=0.5)
    )
    keys = model.teacher.state_dict().keys()
    assert not any('loss' in k for k in keys)
    assert {k for k in model.student.state_dict() if 'loss' not in k} == set(
        keys
    )
    assert not any(p.requires_grad for p in model.teacher.parameters())
    model.train()
    images = torch.randn(2, 3, 32, 32)
    first = model.teacher_logits(images)
    assert first.shape == (2, 4, 32, 32)
    assert torch.equal(first, model.teacher_logits(images))
    norm = model.teacher.backbone.layers[1]
    assert norm.training and norm.num_batches_tracked == 2


def test_the_teacher_follows_parameters_alone(batch, build):
    model = build(alpha=0.9)
    before = copy.deepcopy(model.teacher)
    model.train_step(batch(), sgd(model))
    running = model.teacher.backbone.layers[1].running_mean.clone()
    model.update_teacher(4)  # 1 - 1 / 5 < 0.9
    for name, own in model.teacher.named_parameters():
        old = before.get_parameter(name)
        new = model.student.get_parameter(name)
        torch.testing.assert_close(own, 0.8 * old + 0.2 * new)
    assert torch.equal(running, model.teacher.backbone.layers[1].running_mean)
    assert not torch.equal(
        running, model.student.backbone.layers[1].running_mean
    )


def test_a_teacher_that_labels_nothing_has_the_students_statistics(
    batch, build
):
    model = build('SourceOnly', alpha=0.9)
    for i in range(3):
        model.train_step(batch(seed=i), sgd(model))
        model.update_teacher(i + 1)
    for own, other in zip(model.teacher.buffers(), model.student.buffers()):
        assert torch.equal(own, other)
    norm = model.teacher.backbone.layers[1]
    assert norm.num_batches_tracked == 3


def test_a_checkpoint_without_teacher_is_not_resumed(build):
    model = build()
    hook = TeacherUpdateHook()
    resumed = SimpleNamespace(model=model, iter=5)
    model.load_state_dict(model.state_dict())
    hook.before_train(resumed)
    state = {k: v for k, v in model.state_dict().items() if 'teacher' not in k}
    model.load_state_dict(state, strict=False)
    with pytest.raises(ValueError, match='no teacher.*load_from'):
        hook.before_train(resumed)
    resumed.iter = 0
    hook.before_train(resumed)
    assert model.teacher_is_current


def test_a_teacher_left_behind_is_an_error(batch, build):
    model = build()
    model.train_step(batch(), sgd(model))
    with pytest.raises(RuntimeError, match='TeacherUpdateHook'):
        model.train_step(batch(), sgd(model))


@pytest.mark.parametrize('part', ['student', 'teacher'])
def test_predict_with(batch, build, part):
    model = build(predict_with=part)
    model.update_teacher(1)
    nn.init.normal_(model.student.decode_head.conv_seg.weight)
    model.eval()
    data = batch(n=1)['source']
    for sample in data['data_samples']:
        sample.set_metainfo(dict(ori_shape=(32, 32), img_shape=(32, 32)))
    chosen = getattr(model, part)
    expected = chosen.test_step(copy.deepcopy(data))[0].pred_sem_seg.data
    with torch.no_grad():
        given = model.test_step(data)[0].pred_sem_seg.data
    assert torch.equal(given, expected)
    assert model.decode_head is chosen.decode_head


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_broken_loss_stops_and_is_named(segmentor, batch, value):
    model = squares_model(segmentor, 1.0, value)
    with pytest.raises(
        FloatingPointError,
        match=r'Iteration \d+: .*o1.loss_squares = (nan|inf)',
    ):
        model.train_step(batch(), sgd(model))


@pytest.mark.parametrize('kind', ['ignored', 'one class', 'few'])
def test_odd_batches_train_on(batch, build, kind):
    loss = dict(type='BLDALoss', num_classes=4, min_samples=50)
    model = build(loss=loss)
    blda = model.student.decode_head.loss_decode
    wrapper = sgd(model)
    for i in range(3):
        data = batch(seed=i)
        for sample in data['source']['data_samples']:
            label = sample.gt_sem_seg.data
            if kind == 'one class':
                label = torch.full_like(label, 2)
            else:
                label = torch.full_like(label, 255)
                if kind == 'few':
                    label[0, 0, :12] = torch.arange(12) % 4
            sample.gt_sem_seg = PixelData(data=label)
        logs = model.train_step(data, wrapper)
        blda.update_statistics()
        model.update_teacher(i + 1)
        assert all(v == v for v in logs.values())
    assert all(p.isfinite().all() for p in model.parameters())


def test_blda_learns_both_domains_statistics(batch, build):
    loss = dict(type='BLDALoss', num_classes=4, min_samples=20)
    model = build(loss=loss, pseudo_threshold=0.0)
    blda = model.student.decode_head.loss_decode
    for i in range(4):
        model.train_step(batch(seed=i), sgd(model))
        blda.update_statistics()
        model.update_teacher(i + 1)
    assert blda.statistics.source.step == 4
    assert blda.statistics.anchors.step == 4
    assert blda.statistics.target.step == 4
    assert (blda.statistics.source.num_updates > 0).all()


def test_bfloat16_autocast(batch, build):
    from mmseg_balance.engine import AutocastOptimWrapper

    loss = dict(type='BLDALoss', num_classes=4, min_samples=20)
    model = build(loss=loss)
    wrapper = AutocastOptimWrapper(
        optimizer=torch.optim.SGD(model.student.parameters(), 0.1)
    )
    for i in range(2):
        logs = model.train_step(batch(seed=i), wrapper)
        model.student.decode_head.loss_decode.update_statistics()
        model.update_teacher(i + 1)
    assert all(v == v for v in logs.values())
    assert all(
        b.dtype == torch.float32
        for b in model.buffers()
        if b.is_floating_point()
    )


def test_forward_in_loss_mode_names_the_wrapper(build):
    with pytest.raises(RuntimeError, match='UDAModelWrapper'):
        build()(torch.zeros(1, 3, 32, 32), None, mode='loss')


def test_a_plain_batch_names_the_data_set(batch, build):
    model = build()
    with pytest.raises(ValueError, match='UDADataset'):
        model.train_step(batch()['source'], sgd(model))


def test_crops_of_two_sizes(batch, build):
    model = build()
    with pytest.raises(ValueError, match='RandomCrop'):
        model.train_step(batch(target_size=40), sgd(model))


def test_thermal_images(build, batch, optimizers, segmentor):
    """One channel, from the preprocessor to the optimizer's step."""
    cfg = segmentor()
    cfg['data_preprocessor'].update(mean=[120.0], std=[60.0])
    cfg['backbone']['channels'] = 1
    model = build(
        segmentor=cfg,
        masked_consistency=dict(block_size=8),
        alpha=0.9,
        pseudo_threshold=0.0,
    )
    data = batch()
    for branch in data.values():
        branch['inputs'] = [image[:1] for image in branch['inputs']]
    logs = model.train_step(data, optimizers(model))
    for name in ('src', 'mix', 'masked'):
        assert logs[f'{name}.decode.loss_ce'] > 0


@pytest.mark.parametrize('corners', [True, False])
def test_the_teachers_logits_are_resized_as_its_head_says(
    build, segmentor, corners
):
    cfg = segmentor()
    cfg['decode_head']['align_corners'] = corners
    model = build(segmentor=cfg)
    nn.init.normal_(model.teacher.decode_head.conv_seg.weight)
    model.eval()
    images = torch.randn(2, 3, 24, 40)
    head = model.teacher.decode_head
    expected = F.interpolate(
        head(model.teacher.extract_feat(images)),
        (24, 40),
        mode='bilinear',
        align_corners=corners,
    )
    found = model.teacher_logits(images)
    torch.testing.assert_close(found, expected)
    assert not found.requires_grad
    assert model.num_classes == model.out_channels == 4
    assert list(model.trainable) == ['student']
