"""What the parts of each method note of a step, and at what cost."""

import gc
import sys
import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mmseg_balance.engine.records.steps import recorded_step
from mmseg_balance.models.recording import is_recording, note, recording
from mmseg_balance.visualization.training_pictures.recorder import (
    PictureRecorder,
)

from .test_no_synchronisation import SIDE, networks

BLDA = dict(type='BLDALoss', num_classes=4, min_samples=1)
SOURCE = {'image', 'labels', 'prediction'}
TARGET = {'image', 'labels', 'weights', 'confidence'}
MIXED = {*SOURCE, 'weights', 'from the target'}
DENSITY = {'density d', 'predicted d'}


class All:
    """Records everything, as it is."""

    def __init__(self):
        self.rows = {}

    def wants(self, row, name):
        return name not in self.rows.get(row, ())

    def record(self, row, name, value):
        self.rows.setdefault(row, {})[name] = value


class Operators(TorchDispatchMode):
    """Counts what is launched."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


def step(model, data, optimizers, recorder):
    """A step that is recorded, and its log."""
    wrapper = optimizers(model)
    with recorded_step(model, recorder):
        logs = model.train_step(data, wrapper)
    for module in model.modules():
        if hasattr(module, 'update_statistics'):
            module.update_statistics()
    if model.teacher is not None:
        model.update_teacher(1)
    return logs


@pytest.mark.parametrize(
    ('method', 'settings', 'rows'),
    [
        ('SourceOnly', {}, dict(source=SOURCE)),
        ('DACS', {}, dict(source=SOURCE, target=TARGET, mix=MIXED)),
        (
            'DACS',
            dict(loss=BLDA, density_estimation={}),
            dict(
                source=SOURCE | DENSITY | {'offset'},
                target=TARGET,
                mix=MIXED | DENSITY | {'offset'},
            ),
        ),
        (
            'MIC',
            dict(
                feature_distance=dict(classes=[1]),
                masked_consistency=dict(block_size=8),
            ),
            dict(
                source=SOURCE | {'feature distance cells'},
                target=TARGET,
                mix=MIXED,
                masked=MIXED,
            ),
        ),
        ('AdvEnt', {}, dict(source=SOURCE, target={'image', 'prediction'})),
        ('MaxSquare', {}, dict(source=SOURCE, target={'image', 'prediction'})),
        (
            'PHFA',
            dict(feature_alignment=dict(stuff_classes=[0])),
            dict(
                source=SOURCE | {'aligned segments'},
                target={'image', 'prediction', 'aligned segments'},
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_what_methods_note(build, batch, optimizers, method, settings, rows):
    model, recorder = build(method, **settings), All()
    step(model, batch(), optimizers, recorder)
    found = {row: set(names) for row, names in recorder.rows.items()}
    assert found == rows


@pytest.mark.parametrize(
    ('method', 'scales', 'rows'),
    [
        (
            'MIC',
            2,
            dict(
                source=SOURCE | {'detail attention', 'feature distance cells'},
                target=TARGET | {'detail attention'},
                mix=MIXED | {'detail attention'},
                masked=MIXED | {'detail attention'},
            ),
        ),
        (
            'CDAC',
            1,
            dict(
                source=SOURCE | {'feature distance cells'},
                target=TARGET,
                cdac=MIXED,
            ),
        ),
    ],
)
def test_what_larger_methods_note(
    build, batch, optimizers, segmentor, method, scales, rows
):
    cfg = networks(segmentor(), scales)
    cfg['decode_head'].update(loss_decode=dict(type='CrossEntropyLoss'))
    settings = dict(feature_distance=dict(classes=[1, 3]))
    if method == 'MIC':
        settings.update(masked_consistency=dict(block_size=16))
    model, recorder = build(method, segmentor=cfg, **settings), All()
    step(model, batch(size=SIDE), optimizers, recorder)
    found = {row: set(names) for row, names in recorder.rows.items()}
    assert found == rows


def test_notes_are_the_tensors_of_the_step(
    build, batch, optimizers, monkeypatch
):
    """The losses were given them, and nothing else was drawn."""
    model, recorder = build(loss=BLDA, density_estimation={}), All()
    data, given = batch(), []
    step(model, data, optimizers, All())  # so that something is fitted

    loss = model.student.decode_head.loss_decode
    forward, steps = loss.forward, []

    def spied(logits, labels, weight=None, target_mask=None, **kwargs):
        of_pixels = logits, labels, target_mask
        offset = loss.statistics.offset(*of_pixels)
        density, valid = loss.statistics.positive_cdf(*of_pixels)
        density = density.masked_fill(~valid, torch.nan)
        given.append((logits, labels, weight, target_mask, offset, density))
        return forward(
            logits, labels, weight=weight, target_mask=target_mask, **kwargs
        )

    prepare = model.prepare
    monkeypatch.setattr(
        model, 'prepare', lambda data: steps.append(prepare(data)) or steps[0]
    )
    monkeypatch.setattr(loss, 'forward', spied)
    step(model, data, optimizers, recorder)
    (of_step,), (source, mixed) = steps, given
    rows = recorder.rows
    assert torch.equal(rows['source']['image'], of_step.source_images)
    assert torch.equal(rows['target']['image'], of_step.target_images)
    assert torch.equal(rows['target']['labels'], of_step.pseudo.labels)
    assert torch.equal(rows['target']['weights'], of_step.pseudo.weight)
    for row, (logits, labels, weight, mask, offset, density) in zip(
        (rows['source'], rows['mix']), (source, mixed), strict=True
    ):
        assert torch.equal(row['labels'], labels)
        assert torch.equal(row['prediction'], logits.argmax(1))
        own = offset.gather(1, labels.unsqueeze(1)).squeeze(1)
        assert own.any() and torch.equal(row['offset'], own)
        found = row['density d']
        assert torch.equal(found.nan_to_num(-1), density.nan_to_num(-1))
        assert not row['predicted d'].requires_grad
        if mask is not None:
            assert torch.equal(row['weights'], weight)
            assert torch.equal(row['from the target'], mask)
            pasted = ~mask.unsqueeze(1).expand_as(row['image'])
            assert pasted.any()


def test_a_recorded_step_trains_the_same(build, batch, optimizers):
    """Weights, statistics, logs and the draws behind it, bit by bit."""
    found = []
    for recorded in (False, True):
        torch.manual_seed(0)
        model = build(
            'MIC',
            loss=BLDA,
            density_estimation={},
            feature_distance=dict(classes=[1]),
            masked_consistency=dict(block_size=8),
        )
        wrapper, logs = optimizers(model), []
        for i in range(3):
            recorder = PictureRecorder(2)
            if recorded:
                with recorded_step(model, recorder):
                    logs.append(model.train_step(batch(seed=i), wrapper))
                assert len(recorder.rows) == 4
            else:
                logs.append(model.train_step(batch(seed=i), wrapper))
            model.student.decode_head.loss_decode.update_statistics()
            model.update_teacher(i + 1)
        found.append((model.state_dict(), logs, torch.rand(3)))
    (state, logs, draws), (other, *rest) = found
    assert logs == rest[0] and torch.equal(draws, rest[1])
    assert all(torch.equal(state[key], other[key]) for key in state)


def test_nothing_is_launched_where_nobody_records(
    build, batch, optimizers, monkeypatch
):
    """As many operators as where no part has a note."""
    counts = []
    for has_notes in (True, False):
        torch.manual_seed(0)  # the offsets of a CPU are of classes at hand
        model = build(
            'MIC',
            loss=BLDA,
            density_estimation={},
            feature_distance=dict(classes=[1]),
            masked_consistency=dict(block_size=8),
        )
        wrapper, data = optimizers(model), batch()
        if not has_notes:
            for name, module in list(sys.modules.items()):
                if name.startswith('mmseg_balance.models'):
                    if getattr(module, 'note', None) is note:
                        monkeypatch.setattr(
                            module, 'note', lambda *_, **__: None
                        )
        torch.manual_seed(0)
        with Operators() as operators:
            model.train_step(data, wrapper)
        counts.append(operators.count)
    assert counts[0] == counts[1] > 100
    assert not is_recording()


def test_the_recorder_keeps_copies_of_the_first_images():
    recorder = PictureRecorder(1)
    images = torch.rand(2, 3, 4, 4)
    masks = torch.zeros(2, 1, 4, 4, dtype=torch.bfloat16)
    with recording(recorder, 'source'):
        note('image', images)
        note('masks', masks)
        note('image', torch.zeros(2, 3, 4, 4))  # the first counts
        note('late', lambda: masks[:, 0].bool())
    note('behind it', images)
    kept = recorder.rows['source']
    assert set(kept) == {'image', 'masks', 'late'}
    assert torch.equal(kept['image'], images[:1])
    assert kept['image'].untyped_storage().size() == 4 * 3 * 16
    images.zero_()
    assert kept['image'].any()
    assert kept['masks'].dtype == torch.float32
    assert kept['masks'].shape == (1, 4, 4)
    for value in (torch.zeros(4), torch.zeros(1, 2, 3, 4), 3):
        with (
            pytest.raises(
                TypeError, match="'odd', which is noted .* 'source'"
            ),
            recording(recorder, 'source'),
        ):
            note('odd', lambda value=value: value)


def test_a_recorder_that_nobody_has_is_none():
    """As of a training that failed within an iteration."""

    def fail(kept):
        context = recorded_step(torch.nn.Identity(), PictureRecorder(1))
        context.__enter__()
        kept.append(weakref.ref(context))
        assert is_recording()

    kept = []
    fail(kept)
    gc.collect()
    assert kept[0]() is None and not is_recording()


def test_mixed_precision(build, batch):
    from mmseg_balance.engine import AutocastOptimWrapper

    model, recorder = build(loss=BLDA, density_estimation={}), All()
    optimizer = torch.optim.SGD(model.trainable.parameters(), 0.1)
    with recorded_step(model, recorder):
        model.train_step(
            batch(),
            AutocastOptimWrapper(optimizer=optimizer, accumulative_counts=2),
        )
    values = recorder.rows['mix']['predicted d']
    assert values.dtype in (torch.bfloat16, torch.float32)
    kept = PictureRecorder(2)
    kept.record('mix', 'predicted d', values)
    assert kept.rows['mix']['predicted d'].dtype == torch.float32


def test_streams_of_cdac_are_of_their_images(
    build, batch, optimizers, segmentor, monkeypatch
):
    """The first two of the heads' losses are of source images."""
    from mmseg_balance.models.head_losses import segmentation_loss

    cfg = networks(segmentor(), 1)
    cfg['decode_head'].update(loss_decode=dict(type='CrossEntropyLoss'))
    model, recorder, seen = (
        build('CDAC', segmentor=cfg, feature_distance=dict(classes=[1])),
        All(),
        [],
    )
    values = segmentation_loss.loss_values

    def spied(head, logits, *args):
        seen.append(logits.argmax(1))
        return values(head, logits, *args)

    monkeypatch.setattr(segmentation_loss, 'loss_values', spied)
    step(model, batch(size=SIDE), optimizers, recorder)
    source, _, mixed, _ = seen
    assert torch.equal(recorder.rows['source']['prediction'], source)
    assert torch.equal(recorder.rows['cdac']['prediction'], mixed)
    assert not torch.equal(source, mixed)


def test_an_objective_of_a_user(build, batch, optimizers):
    """What it gives to the helpers is noted, and what it notes itself."""
    from mmseg_balance.models.head_losses import (
        PixelTargets,
        segmentation_losses,
        training_features,
    )
    from mmseg_balance.models.uda import Objective

    class Mirrored(Objective):
        prefix = 'mirrored'
        needs_target = True

        def forward(self, student, step):
            labels = step.pseudo.labels.flip(-1)
            note('zeros', lambda: labels == 0)
            features = training_features(student, step.target_images.flip(-1))
            return segmentation_losses(student, features, PixelTargets(labels))

    model = build('UDASegmentor', objectives=[Mirrored()], alpha=0.9)
    recorder = All()
    step(model, batch(), optimizers, recorder)
    target, own = recorder.rows['target'], recorder.rows['mirrored']
    assert set(own) == {'image', 'labels', 'prediction', 'zeros'}
    assert torch.equal(own['image'], target['image'].flip(-1))
    assert torch.equal(own['labels'], target['labels'].flip(-1))
    assert torch.equal(own['zeros'], own['labels'] == 0)
