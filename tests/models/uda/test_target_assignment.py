"""Statistics of the target by the teacher's probabilities, in UDA models."""

import copy

import pytest
import torch
from mmengine.config import ConfigDict
from mmseg.registry import MODELS

from mmseg_balance.engine.hooks import GMMUpdateHook
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.head_losses.sampled_labels import (
    SampledLabels,
    sample_labels,
)
from mmseg_balance.models.losses import BLDALoss
from mmseg_balance.models.uda.objectives.step import UDAStep
from mmseg_balance.models.uda.teacher.labelling import label_images
from mmseg_balance.models.uda.teacher.pseudo_labels import PseudoLabeler

BLDA = dict(type='BLDALoss', num_classes=4, min_samples=10, warmup=0)
SOFT = BLDA | dict(target_assignment='soft')


def taught(build, kind, loss, **kwargs):
    """A model whose teacher sends all classes to some pixels."""
    torch.manual_seed(0)
    return build(kind, loss=loss, pseudo_threshold=0.0, **kwargs)


def step(model, data, optimizers, seed=3):
    torch.manual_seed(seed)
    log = model.train_step(copy.deepcopy(data), optimizers(model))
    loss = model.student.decode_head.loss_decode
    target = loss.statistics._pending.samples.get('target')
    return log, model.student.state_dict(), target


@pytest.mark.parametrize(
    'kind, kwargs',
    [
        ('DACS', {}),
        ('MIC', dict(masked_consistency=dict(block_size=16))),
        (
            'MIC',
            dict(
                masked_consistency=dict(
                    block_size=16, domains='both', statistics=True
                )
            ),
        ),
    ],
)
def test_a_step_differs_in_the_targets_samples_alone(
    build, batch, optimizers, kind, kwargs
):
    """Before statistics are fitted nothing else follows from them."""
    found = {}
    for loss in (BLDA, SOFT):
        model = taught(build, kind, loss, **kwargs)
        name = loss.get('target_assignment', 'hard')
        found[name] = step(model, batch(), optimizers)
    (log, weights, hard), (other_log, others, soft) = found.values()
    assert log == other_log
    for name, value in weights.items():
        if '.statistics.' not in name:
            assert torch.equal(value, others[name]), name
    calls = 2 if kwargs.get('masked_consistency', {}).get('statistics') else 1
    assert len(hard) == len(soft) == calls
    assert any(
        a.values.shape != b.values.shape or not torch.equal(*pair)
        for a, b in zip(hard, soft, strict=True)
        for pair in [(a.values, b.values)]
    )


def test_samples_are_of_the_classes_that_were_drawn(
    build, batch, optimizers, monkeypatch
):
    """Pixel by pixel: which label a pixel of the mixed batch is counted as."""
    model = taught(build, 'DACS', SOFT | dict(target_threshold=0.3))
    statistics = model.student.decode_head.loss_decode.statistics
    calls, steps = [], []

    def collect(logits, labels, mask, weight, ignore):
        calls.append((labels, mask, weight, ignore))

    monkeypatch.setattr(statistics, 'collect', collect)
    prepare = model.prepare

    def prepared(data):
        steps.append(prepare(data))
        return steps[-1]

    monkeypatch.setattr(model, 'prepare', prepared)
    step(model, batch(), optimizers)
    ((source, *_), (labels, mask, _, ignore)) = calls
    (made,) = steps
    assert torch.equal(source, made.source_labels)
    drawn, sure = made.pseudo.sampled.classes, made.pseudo.sampled.confidence
    expected = torch.where(sure >= 0.3, drawn, ignore)
    assert mask.any() and not mask.all()
    assert torch.equal(labels[mask], expected[mask])
    # and what is learnt there is the most probable class
    logits = model.teacher_logits(made.target_images)
    assert torch.equal(made.pseudo.labels, logits.argmax(1))
    assert (drawn != made.pseudo.labels).any()


def two_resolutions(cfg):
    """HRDA's segmentor, whose detail crop is a quarter of the image."""
    single = cfg.pop('decode_head')
    shared = {k: single.pop(k) for k in ('loss_decode', 'num_classes')}
    head = dict(type='HRDAHead', head=single, attention=single, **shared)
    crops = dict(detail_crop_size=(16, 16), crop_coord_divisible=4)
    return dict(cfg, type='HRDAEncoderDecoder', decode_head=head, **crops)


BLOCKS = dict(block_size=8, statistics=True)


@pytest.mark.parametrize(
    'kind, kwargs, sizes',
    [
        ('DACS', {}, [32]),
        ('HRDA', dict(feature_distance=None), [32, 16]),
        ('MIC', dict(masked_consistency=BLOCKS), [32, 32]),
        (
            'MIC',
            dict(masked_consistency=dict(BLOCKS, domains='both')),
            [32, 32],
        ),
    ],
    ids=['dacs', 'hrda', 'masked', 'masked images of both'],
)
def test_what_is_drawn_for_a_pixel_stays_with_it(
    build, segmentor, batch, optimizers, monkeypatch, kind, kwargs, sizes
):
    """Mixed, cropped and padded: by labels that are noise, as are draws."""
    cfg = segmentor(SOFT)
    cfg = two_resolutions(cfg) if kind == 'HRDA' else cfg
    model = build(kind, segmentor=cfg, pseudo_threshold=0.0, **kwargs)
    prepare = model.prepare

    def prepared(data):
        made = prepare(data)
        noise = torch.randint(4, made.pseudo.labels.shape)
        made.pseudo.labels = noise
        made.pseudo.sampled = SampledLabels((noise + 1) % 4, noise / 4)
        return made

    monkeypatch.setattr(model, 'prepare', prepared)
    seen, counted = [], []
    collect, count = BLDALoss.collect, LogitStatistics.collect

    def noted(loss, logits, targets, ignore):
        if targets.target_mask is not None:
            seen.append(targets)
        return collect(loss, logits, targets, ignore)

    def noted_labels(statistics, logits, labels, mask, weight, ignore):
        if mask is not None:
            counted.append((labels, weight))
        return count(statistics, logits, labels, mask, weight, ignore)

    monkeypatch.setattr(BLDALoss, 'collect', noted)
    monkeypatch.setattr(LogitStatistics, 'collect', noted_labels)
    torch.manual_seed(3)
    model.train_step(batch(n=4, target_size=24), optimizers(model))
    assert [t.size[0] for t in seen] == sizes
    for targets, (labels, _) in zip(seen, counted, strict=True):
        of_target = targets.target_mask
        hard = targets.labels[of_target]
        assert len(hard.unique()) == 4
        assert torch.equal(labels[of_target], (hard + 1) % 4)
        sure = targets.sampled.confidence[of_target]
        assert torch.equal(sure, hard / 4)
    # what was added to the target's images, of 24 pixels, is never counted
    padding = seen[0].target_mask.clone()
    padding[:, :24, :24] = False
    assert padding.any() and (counted[0][1][padding] == 0).all()


def test_a_model_that_goes_on_draws_what_it_would_have_drawn(
    build, batch, optimizers
):
    """Nothing is missing in its state; seeds are those of iterations."""
    whole, first, second = (
        taught(build, 'DACS', SOFT | dict(collect_over=2)) for _ in range(3)
    )

    def train(model, iterations):
        for i in iterations:
            step(model, batch(seed=i), optimizers, seed=i)
            model.student.decode_head.loss_decode.update_statistics()
            model.update_teacher(i + 1)
        return model.state_dict()

    expected = train(whole, range(5))
    second.load_state_dict(copy.deepcopy(train(first, range(3))))
    found = train(second, range(3, 5))
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name
    target = 'student.decode_head.loss_decode.statistics.target'
    assert (expected[f'{target}.num_updates'] > 1).any()


def test_nothing_is_drawn_for_losses_that_do_not_ask(build, batch):
    model = taught(build, 'DACS', BLDA)
    assert model.prepare(batch()).pseudo.sampled is None
    cfg = dict(type='CrossEntropyLoss')
    assert taught(build, 'DACS', cfg).samples_labels is False


def test_labels_of_files_count_as_they_are(build, batch, optimizers):
    """In a stage with labels of the target, beside those of the teacher."""
    model = taught(build, 'DACS', SOFT, labelled_target={})
    data = batch()
    for own, other in zip(
        data['target']['data_samples'],
        batch(seed=1)['source']['data_samples'],
        strict=True,
    ):
        own.gt_sem_seg = other.gt_sem_seg
    _, _, target = step(model, data, optimizers)
    assert len(target) == 2


def test_probabilities_are_the_logits_own():
    """As the confidence: of what the teacher says, not of balanced scores."""
    logits = torch.randn(1, 3, 8, 8)
    arguments = torch.ones(1, 8, 8, dtype=torch.bool), PseudoLabeler(0.0)
    torch.manual_seed(0)
    pseudo = label_images(
        logits, *arguments, balance=lambda z: -z, sample=True
    )
    assert torch.equal(pseudo.labels, logits.argmin(1))
    torch.manual_seed(0)
    expected = sample_labels(logits)
    assert torch.equal(pseudo.sampled.classes, expected.classes)


@pytest.mark.parametrize('kind', ['SourceOnly', 'AdaptSegNet'])
def test_methods_without_pseudo_labels_are_refused(build, kind):
    line = "target_assignment='soft', target_threshold=None of BLDALoss.*DACS"
    with pytest.raises(ValueError, match=line):
        build(kind, loss=SOFT)


def test_supervised_training_is_refused_before_it_starts(segmentor):
    class Runner:
        model = MODELS.build(ConfigDict(segmentor(SOFT)))

    with pytest.raises(ValueError, match='none labels target images'):
        GMMUpdateHook().before_train(Runner())


def test_an_objective_that_hides_the_probabilities_is_told(
    build, batch, optimizers
):
    model = taught(build, 'DACS', SOFT)
    prepare = model.prepare

    def hidden(data):
        made: UDAStep = prepare(data)
        made.pseudo.sampled = None
        return made

    model.prepare = hidden
    with pytest.raises(ValueError, match='sampled=step.pseudo.sampled'):
        step(model, batch(), optimizers)
