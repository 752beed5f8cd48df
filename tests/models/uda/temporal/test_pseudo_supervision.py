"""Temporal pseudo supervision in a step."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from helpers.comparison import assert_equal
from mmengine.structures import PixelData

from mmseg_balance.models.uda import TemporalPseudoSupervisionObjective
from mmseg_balance.models.uda.temporal.warped_labels import earlier_logits

PLAIN = dict(scale=(1.0, 1.0), flip_probability=0.0, augmentation=None)
BLDA = dict(type='BLDALoss', num_classes=4, tau=0.1, min_samples=5)


@pytest.fixture
def tps(build, frames_segmentor):
    """Build TPS, or another method with it."""

    def tps(kind='TPS', loss=None, settings=PLAIN, **kwargs):
        torch.manual_seed(0)
        segmentor = frames_segmentor(loss)
        own = dict(temporal_supervision=dict(settings))
        return build(kind, segmentor=segmentor, **own, **kwargs)

    return tps


def objective_of(model):
    (found,) = (o for o in model.objectives if o.prefix == 'tps')
    return found


def test_the_loss_is_that_of_the_moved_labels(tps, frames_batch):
    model = tps(settings=dict(PLAIN, loss_weight=0.3))
    step = model.prepare(frames_batch(shift=(5, -3)))
    frames = step.target_frames.images
    # p of the image was at p + (5, -3): the pattern is the same, moved
    labels = earlier_logits(model.student, frames).argmax(1)
    expected = torch.full_like(labels, 255)
    expected[:, 3:, :-5] = labels[:, :-3, 5:]
    batch = objective_of(model).training_batch(step)
    assert torch.equal(batch.labels, expected)
    assert batch.target_mask.all() and batch.weight is None
    assert torch.equal(batch.images, step.target_images)

    torch.manual_seed(1)
    losses = objective_of(model)(model.student, step)
    student = model.student
    logits = student.decode_head(student.extract_feat(step.target_images))
    logits = F.interpolate(logits, (32, 32), mode='bilinear')
    direct = F.cross_entropy(
        logits, expected, ignore_index=255, reduction='sum'
    ) / expected.numel()  # fmt: skip
    torch.testing.assert_close(losses['decode.loss_ce'], 0.3 * direct)
    share = (expected != 255).float().mean()
    assert losses['labelled'] == share


def test_where_labels_do_not_count_nothing_is_learnt(tps, frames_batch):
    model = tps()
    data = frames_batch()
    first, second = data['target']['data_samples']
    first.flow_valid.data[:, :16] = False
    # the margins of PseudoMargins count as well
    margins = torch.ones(1, 32, 32, dtype=torch.uint8)
    margins[..., :10] = 0
    second.set_data(dict(valid_pseudo=PixelData(data=margins)))
    step = model.prepare(data)
    labels = objective_of(model).training_batch(step).labels
    assert labels[0, :16].eq(255).all() and labels[0, 16:].ne(255).all()
    assert labels[1, :, :10].eq(255).all() and labels[1, :, 10:].ne(255).all()


def test_padding_has_no_label(tps, frames_batch):
    model = tps()
    data = frames_batch(target_size=24)
    labels = objective_of(model).training_batch(model.prepare(data)).labels
    assert labels.shape == (2, 32, 32)
    assert labels[:, 24:].eq(255).all() and labels[:, :, 24:].eq(255).all()
    assert labels[:, :24, :24].ne(255).all()


def test_nothing_of_a_batch_counts_and_the_loss_is_zero(
    tps, frames_batch, optimizers
):
    model = tps(settings=dict(threshold=1.0))
    log = model.train_step(frames_batch(), optimizers(model))
    assert log['tps.decode.loss_ce'] == 0 and log['tps.labelled'] == 0


def test_the_teacher_labels_where_there_is_one(tps, frames_batch):
    model = tps(alpha=0.9)
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.copy_(torch.randn_like(parameter))
    step = model.prepare(frames_batch())
    assert step.pseudo is None
    labels = objective_of(model).training_batch(step).labels
    frames = step.target_frames.images
    by_teacher = earlier_logits(model.teacher, frames).argmax(1)
    assert torch.equal(labels, by_teacher)
    by_student = earlier_logits(model.student, frames).argmax(1)
    assert not torch.equal(labels, by_student)


def test_a_step_learns_and_repeats(tps, frames_batch, optimizers):
    def steps():
        model = tps(settings=dict(loss_weight=1.0, size_divisor=4))
        optimizer = optimizers(model)
        torch.manual_seed(3)
        return [
            model.train_step(frames_batch((2, 1), seed=i), optimizer)
            for i in range(4)
        ], model.state_dict()

    first, second = steps(), steps()
    assert_equal(first, second, 'TPS')
    for log in first[0]:
        assert log['tps.decode.loss_ce'] > 0 and log['src.decode.loss_ce'] > 0
        assert 0 < log['tps.labelled'] <= 1


def test_blda_counts_labelled_pixels_of_the_target(
    tps, frames_batch, optimizers
):
    model = tps(loss=BLDA, density_estimation={})
    statistics = model.student.decode_head.loss_decode.statistics
    data = frames_batch(shift=(40, 0))  # all beyond the border
    log = model.train_step(data, optimizers(model))
    assert log['tps.labelled'] == 0
    pending = statistics._pending.samples
    assert len(pending['source']) == 1
    assert not any(valid.any() for _, valid in pending.get('target', ()))
    log = model.train_step(frames_batch(), optimizers(model))
    assert any(valid.any() for _, valid in pending['target'])
    assert 'tps.decode.loss_density' in log


@pytest.mark.parametrize('kind', ['DACS', 'MIC'])
def test_it_goes_on_top_of_other_methods(tps, frames_batch, optimizers, kind):
    model = tps(kind, augmentation=None)
    log = model.train_step(frames_batch(), optimizers(model))
    names = {key.split('.')[0] for key in log if 'loss_ce' in key}
    expected = {'src', 'mix', 'tps'} | ({'masked'} if kind == 'MIC' else set())
    assert names == expected


def test_batches_without_frames_are_refused(tps, batch, optimizers):
    model = tps()
    with pytest.raises(
        ValueError, match=r'TemporalPseudo\w+ .* target .*FrameDataPreProc'
    ):
        model.train_step(batch(), optimizers(model))


@pytest.mark.parametrize(
    'settings, said',
    [
        (dict(loss_weight=-1), 'loss_weight'),
        (dict(threshold=1.5), 'threshold'),
        (dict(flip_probability=None), 'flip_probability'),
        (dict(scale=1.0), 'two numbers above 0'),
        (dict(scale=(1.2, 0.8)), r'smallest and the largest .*\(1.2, 0.8\)'),
        (dict(scale=(0.0, 1.0)), 'above 0'),
        (dict(size_divisor=0), 'size_divisor'),
        (dict(augmentation=dict(jitter=0.5)), 'jitter'),
    ],
)
def test_settings_out_of_range_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        TemporalPseudoSupervisionObjective(**settings)


def test_an_augmentation_of_another_type_is_refused():
    with pytest.raises(TypeError, match='augmentation'):
        TemporalPseudoSupervisionObjective(augmentation=True)


def test_losses_that_learn_from_the_source_alone_are_refused(tps):
    loss = dict(type='SourceLoss', criterion=dict(type='CrossEntropyLoss'))
    with pytest.raises(ValueError, match='SourceLoss alone'):
        tps(loss=loss)


def test_images_that_are_not_normalised_keep_their_colours(
    build, frames_segmentor
):
    segmentor = frames_segmentor()
    for key in ('mean', 'std'):
        del segmentor['data_preprocessor'][key]
    with pytest.raises(ValueError, match='mean is None.*augmentation=None'):
        build('TPS', segmentor=segmentor)
    own = dict(augmentation=None)
    build('TPS', segmentor=segmentor, temporal_supervision=own)


@pytest.mark.parametrize(
    'name',
    ['masked_consistency', 'temporal_supervision', 'temporal_consistency'],
)
def test_parts_that_are_no_dict_are_named(build, frames_segmentor, name):
    with pytest.raises(TypeError, match=f'`{name}` of DACS to be a dict.*Tru'):
        build('DACS', segmentor=frames_segmentor(), **{name: True})
