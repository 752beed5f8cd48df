"""BLDA on classifiers: what it follows, what it subtracts, in which pass."""

import pytest
import torch
from helpers.tiny_classifiers import classifier_cfg, image_batch
from torch import nn
from torch.nn import functional as F

TAU = 0.7
CLASSES = 4
BLDA = dict(
    type='BLDALoss',
    num_classes=CLASSES,
    tau=TAU,
    min_samples=4,
    warmup=0,
    collect_over=20,
)
MASKED = dict(type='MaskedObjective', block_size=4)
# whose logits are those of the target
MASKED_ALONE = [
    dict(type='JointObjective'),
    dict(MASKED, statistics=True),
]
UNMASKED = [dict(type='JointObjective', statistics=True), MASKED]


class Seen(nn.Module):
    """Notes what a BLDALoss is given, what it says, and what it keeps."""

    def __init__(self, loss):
        super().__init__()
        self.calls, self.kept, self._loss = [], [], (loss,)
        forward, collect = loss.forward, loss.statistics.collect

        def spied(logits, label, weight=None, target_mask=None, **kwargs):
            value = forward(
                logits,
                label,
                weight=weight,
                target_mask=target_mask,
                **kwargs,
            )
            given = (label, weight, target_mask, float(value.detach()))
            self.calls.append((logits.detach().clone(), *given))
            return value

        def spied_collect(logits, labels, mask=None, weight=None, ignored=255):
            self.kept.append((logits.detach().clone(), labels, mask, weight))
            collect(logits, labels, mask, weight, ignored)

        loss.forward, loss.statistics.collect = spied, spied_collect


def build_blda(build, objectives, **kwargs):
    torch.manual_seed(0)
    model = build(
        'UDASegmentor',
        segmentor=classifier_cfg(loss_decode=dict(BLDA)),
        objectives=[dict(o) for o in objectives],
        alpha=0.9,
        pseudo_threshold=0.0,
        **kwargs,
    )
    return model, model.student.decode_head.loss_decode


def train(model, loss, optimizer, steps, start=0):
    for step in range(start, start + steps):
        torch.manual_seed(step)
        model.update_teacher(step)
        logs = model.train_step(image_batch(8, seed=step), optimizer)
        loss.update_statistics()
    return logs


@pytest.mark.parametrize('passes', [1, 2])
def test_offsets_in_each_pass_and_samples_of_the_first(
    build, optimizers, passes
):
    """Values by hand, from the banks as they were before the step."""
    model, loss = build_blda(build, MASKED_ALONE)
    kind = dict(type='SAMOptimWrapper', rho=0.1) if passes > 1 else {}
    optimizer = optimizers(model, **kind)
    train(model, loss, optimizer, 6)
    statistics = loss.statistics
    assert statistics.target.num_updates.any()
    seen = Seen(loss)
    torch.manual_seed(9)
    model.update_teacher(9)
    model.train_step(image_batch(8, seed=9), optimizer)
    assert len(seen.calls) == 2 * passes
    for index, (logits, label, weight, mask, value) in enumerate(seen.calls):
        assert logits.shape == (8, CLASSES, 1, 1)
        assert (mask is None) == (index % 2 == 0)
        offset = statistics.offset(logits, label, mask)
        assert offset.any()
        entropies = F.cross_entropy(
            logits - TAU * offset, label, reduction='none'
        )
        if weight is not None:
            entropies = entropies * weight
        assert value == pytest.approx(float(entropies.mean()), rel=1e-4)
    assert len(seen.kept) == 2
    for kept, call in zip(seen.kept, seen.calls):
        assert torch.equal(kept[0], call[0])
        assert torch.equal(kept[1], call[1])
    assert seen.kept[0][2] is None and seen.kept[1][2].all()
    if passes > 1:  # the second is at other weights
        assert not torch.equal(seen.calls[0][0], seen.calls[2][0])


def test_unmasked_logits_feed_the_target_as_the_paper_prints_it(
    build, optimizers
):
    model, loss = build_blda(build, UNMASKED)
    seen = Seen(loss)
    objective = model.objectives[0]
    step = model.prepare(image_batch(8))
    objective(model.student, step)
    both = torch.cat([step.source_images, step.target_images])
    (source, target) = seen.kept
    with torch.no_grad():
        logits = model.student.train()(both)
    torch.testing.assert_close(source[0], logits[:8])
    torch.testing.assert_close(target[0], logits[8:])
    assert torch.equal(target[1], step.pseudo.labels)
    assert torch.equal(target[3], step.pseudo.weight)
    assert len(seen.calls) == 1  # no label of the target is learnt there
    train(model, loss, optimizers(model), 4)
    assert len(seen.kept) == 2 + 2 * 4
    assert loss.statistics.target.num_updates.any()


@pytest.mark.parametrize(
    'objectives, name',
    [
        (MASKED_ALONE, 'masked.decode.loss_density'),
        (UNMASKED, 'joint.target.loss_density'),
    ],
)
def test_density_is_estimated_from_the_bottleneck(
    build, optimizers, objectives, name
):
    settings = dict(loss_weight=0.3)
    model, loss = build_blda(build, objectives, density_estimation=settings)
    assert model.density.conv.weight.shape == (1, 4, 1, 1)
    sam = optimizers(model, type='SAMOptimWrapper', rho=0.1)
    train(model, loss, sam, 6)
    before = model.density.conv.weight.clone()
    logs = train(model, loss, sam, 1, start=6)
    assert not torch.equal(model.density.conv.weight, before)
    assert logs[name] > 0 and logs['joint.decode.loss_density'] > 0
    other = {'masked.decode.loss_density', 'joint.target.loss_density'}
    assert not (other - {name}) & set(logs)


def test_the_value_of_the_density_of_masked_images(build):
    model, loss = build_blda(
        build, MASKED_ALONE, density_estimation=dict(loss_weight=0.3)
    )
    model.eval()  # logits that do not depend on the batch
    loss.train()
    statistics = loss.statistics
    for _ in range(3):
        logits = torch.randn(40, CLASSES, 1, 1)
        labels = torch.arange(40).view(40, 1, 1) % CLASSES
        statistics.collect(logits, labels)
        statistics.collect(logits, labels, torch.ones_like(labels) > 0)
        statistics.update()
    step = model.prepare(image_batch(4))
    objective = model.objectives[1]
    torch.manual_seed(1)
    images = objective.training_batch(step).images
    torch.manual_seed(1)
    losses = objective(model.student, step)
    head = model.student.decode_head
    features = head._forward_feature(model.student.extract_feat(images))
    logits, labels = head.cls_seg(features), step.pseudo.labels
    d, known = statistics.positive_cdf(logits, labels, labels < 9)
    expected = (model.density.conv(features) - d.view(4, 1, 1, 1)).square()
    expected = expected[:, 0] * step.pseudo.weight * known.view(4, 1, 1)
    torch.testing.assert_close(
        losses['decode.loss_density'], 0.3 * expected.mean()
    )


def test_test_time_is_raw(build, optimizers):
    model, loss = build_blda(build, MASKED_ALONE)
    train(model, loss, optimizers(model), 6)
    images = torch.randn(3, 3, 8, 8)
    head = model.student.eval().decode_head
    with torch.no_grad():
        features = head._forward_feature(model.student.extract_feat(images))
        found = model.student.encode_decode(images, [{}] * 3)
    assert torch.equal(found, head.conv_seg(features))


def test_a_teacher_labels_by_balanced_logits_on_request(build, optimizers):
    model, loss = build_blda(build, MASKED_ALONE, pseudo_balance=1.0)
    train(model, loss, optimizers(model), 6)
    assert model.prepare(image_batch(8)).pseudo.labels.shape == (8, 1, 1)


def test_masked_images_of_segmentors_feed_nothing(build, optimizers, batch):
    """As ever: class-mixed images do."""
    blda = dict(type='BLDALoss', num_classes=CLASSES, min_samples=4, warmup=0)
    model = build('MIC', blda, masked_consistency=dict(block_size=8))
    loss = model.student.decode_head.loss_decode
    seen = Seen(loss)
    model.train_step(batch(), optimizers(model))
    assert len(seen.calls) == 3 and len(seen.kept) == 2


def test_pseudo_labels_of_the_unmasked_need_a_teacher(build):
    with pytest.raises(ValueError, match='alpha'):
        build(
            'UDASegmentor',
            segmentor=classifier_cfg(loss_decode=dict(BLDA)),
            objectives=[dict(type='JointObjective', statistics=True)],
        )


@pytest.mark.parametrize('target, feeds', [('masked', 1), ('unmasked', 0)])
def test_mic_says_which_target_images_are_followed(
    build, optimizers, target, feeds
):
    model = build(
        'ClassificationMIC',
        segmentor=classifier_cfg(loss_decode=dict(BLDA)),
        cdan=dict(hidden=4),
        masked_consistency=dict(block_size=4),
        target_statistics=target,
    )
    assert [o.statistics for o in model.objectives] == [not feeds, bool(feeds)]
    loss = model.student.decode_head.loss_decode
    seen = Seen(loss)
    train(model, loss, optimizers(model, type='SAMOptimWrapper'), 2)
    assert len(seen.calls) == 2 * 4 and len(seen.kept) == 2 * 2
    with pytest.raises(ValueError, match="one of .*'unmasked'.*got 'all'"):
        build(
            'MCCAdaptation',
            segmentor=classifier_cfg(),
            target_statistics='all',
        )
