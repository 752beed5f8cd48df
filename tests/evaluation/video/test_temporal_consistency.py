"""Temporal consistency: counts beside a loop, exact flow, several ranks."""

import os

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from sklearn.metrics import jaccard_score
from torch import distributed
from torch import multiprocessing as mp

from mmseg_balance.datasets.toy_streets import ToySequences, draw_sequence
from mmseg_balance.datasets.toy_streets.motion import motions
from mmseg_balance.evaluation import TemporalConsistencyMetric
from mmseg_balance.evaluation.video.temporal_consistency import (
    count_pair,
    move_prediction,
)

CLASSES = ('a', 'b', 'c', 'd')
SIZE = (9, 13)


def build(**settings):
    metric = TemporalConsistencyMetric(**settings)
    metric.dataset_meta = dict(classes=CLASSES)
    return metric


def random_pair(seed, classes=3):
    """A sample as an evaluation has it, whose flow leads out here and there.

    Blobs, so that a moved prediction is partly what it should be.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, (2, 3, 5)).repeat(3, 1).repeat(3, 2)
    now, before = labels[:, : SIZE[0], : SIZE[1]]
    field = rng.normal(0, 2, (2, *SIZE)).astype(np.float32)
    return dict(
        img_path=f'{seed}.png',
        prev_img_path='before.png',
        pred_sem_seg=dict(data=torch.from_numpy(now.copy())[None]),
        prev_pred_sem_seg=dict(data=torch.from_numpy(before.copy())[None]),
        flow=dict(data=torch.from_numpy(field)),
        flow_valid=dict(data=torch.from_numpy(rng.random((1, *SIZE)) > 0.2)),
    )


def counted(sample):
    """Both predictions of each pixel that counts, one pixel at a time."""
    now, before, flow, valid = (
        sample[key]['data'].numpy()
        for key in ('pred_sem_seg', 'prev_pred_sem_seg', 'flow', 'flow_valid')
    )
    found = []
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            x = column + float(flow[0, row, column])
            y = row + float(flow[1, row, column])
            is_in = -0.5 <= x < SIZE[1] - 0.5 and -0.5 <= y < SIZE[0] - 0.5
            if valid[0, row, column] and is_in:
                earlier = before[0, round(y), round(x)]
                found.append((int(now[0, row, column]), int(earlier)))
    return found


def expected_scores(samples):
    """By scikit-learn, of all pixels that count together."""
    pairs = [pair for sample in samples for pair in counted(sample)]
    now, before = zip(*pairs, strict=True)
    present = sorted({*now, *before})
    values = 100 * jaccard_score(before, now, labels=present, average=None)
    pixels = len(samples) * SIZE[0] * SIZE[1]
    scores = dict(
        mTC=values.mean(),
        TC_std=values.std(),
        TC_pixels=100 * len(pairs) / pixels,
    )
    names = [f'TC.{CLASSES[c]}' for c in present]
    return scores | dict(zip(names, values, strict=True))


def first_of_a_sequence():
    sample = random_pair(7)
    sample.pop('prev_pred_sem_seg')
    return sample | dict(prev_img_path=None)


@pytest.fixture
def said(capfd, request):
    """What was logged so far."""
    name = request.node.name
    MMLogger.get_instance(name, logger_name=name)
    return lambda: ''.join(capfd.readouterr())


def test_scores_agree_with_a_loop_and_scikit_learn(said):
    samples = [random_pair(seed) for seed in range(4)]
    metric = build()
    metric.process({}, [first_of_a_sequence(), *samples[:3]])
    metric.process({}, samples[3:])
    scores = metric.evaluate(5)
    assert scores == pytest.approx(expected_scores(samples))
    assert list(scores)[:3] == ['mTC', 'TC_std', 'TC_pixels']
    assert set(scores) <= metric.possible_scores()
    assert 20 < scores['mTC'] < 80 and 'TC.d' not in scores
    text = said()
    assert '4 pairs of frames (images that are the first of a' in text
    assert 'left out: 1)' in text
    assert 'never predicted, and in no mean: d' in text


@pytest.mark.parametrize('direction', ['horizontal', 'vertical'])
def test_mirrored_frames_score_as_they_were(direction):
    """Predictions of a mirrored image are turned back by the network."""
    sample = random_pair(5)
    axis = 2 if direction == 'horizontal' else 1
    field = np.flip(sample['flow']['data'].numpy(), axis).copy()
    mirrored = dict(
        sample,
        flow=dict(data=torch.from_numpy(turned_arrows(field, axis))),
        flow_valid=dict(data=sample['flow_valid']['data'].flip(axis)),
        flip=True,
        flip_direction=direction,
    )
    metric = build()
    metric.process({}, [mirrored])
    assert metric.evaluate(1) == pytest.approx(expected_scores([sample]))


def turned_arrows(field, axis):
    """What a mirror does to arrows (u, v): the one across it turns."""
    field[0 if axis == 2 else 1] *= -1
    return field


def test_a_class_that_one_of_both_has_is_inconsistent():
    """And so it counts, as nothing of it stays."""
    zeros = torch.zeros(1, 4, 4, dtype=torch.int64)
    still = dict(
        img_path='a.png',
        prev_img_path='b.png',
        flow=dict(data=torch.zeros(2, 4, 4)),
        flow_valid=dict(data=torch.ones(1, 4, 4, dtype=torch.bool)),
    )
    half = zeros.clone()
    half[:, :2] = 1
    metric = build()
    for now, before in ((zeros, half), (half, zeros)):
        sample = dict(
            still,
            pred_sem_seg=dict(data=now),
            prev_pred_sem_seg=dict(data=before),
        )
        metric.process({}, [sample])
    scores = metric.evaluate(2)
    assert scores['TC.a'] == 50 and scores['TC.b'] == 0
    assert scores['mTC'] == 25 and scores['TC_pixels'] == 100


@pytest.fixture(scope='module')
def moments():
    settings = ToySequences(frames=3, height=96, width=192)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motions, 'STANDS', -1)
        return list(draw_sequence('target', 'train', 1, settings))


def test_labels_moved_by_exact_flow_are_wholly_consistent(moments):
    """Outside occlusion; without motion they are not."""
    for before, now in zip(moments, moments[1:]):
        labels = [
            torch.from_numpy(moment.frame.label.astype(np.int64))
            for moment in (now, before)
        ]
        flow, visible = (torch.from_numpy(f.copy()) for f in now.flow)
        flow = flow.permute(2, 0, 1)
        counts = count_pair(*labels, flow, visible, 256)
        assert (counts.position // 256 == counts.position % 256).all()
        # all that is visible was a pixel of the frame
        assert int(counts.counts.sum()) == int(visible.sum())
        assert counts.num_pixels == labels[0].numel()
        still = count_pair(*labels, torch.zeros_like(flow), visible, 256)
        assert (still.position // 256 != still.position % 256).any()


def test_flow_is_brought_to_the_size_of_the_predictions():
    """Of a network that sees images at half their size."""
    earlier = torch.arange(16 * 24).view(16, 24)
    flow = torch.zeros(2, 8, 12)
    flow[0], flow[1] = 2, -1
    valid = torch.ones(8, 12, dtype=torch.bool)
    valid[3, 5] = False
    moved = move_prediction(earlier, flow, valid)
    rows, columns = torch.meshgrid(
        torch.arange(16), torch.arange(24), indexing='ij'
    )
    known = (columns + 4 < 24) & (rows - 2 >= 0)
    # what has a share of the pixel that does not count
    touched = (rows >= 5) & (rows <= 8) & (columns >= 9) & (columns <= 12)
    known &= ~touched
    assert torch.equal(moved == -1, ~known)
    assert torch.equal(moved[known], (earlier.roll((2, -4), (0, 1)))[known])


def _evaluate_rank(rank, world, folder):
    os.chdir(folder)
    distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/store',
        rank=rank,
        world_size=world,
    )
    torch.save(_scores_of_rank(rank, world), f'{folder}/{rank}.pt')
    distributed.destroy_process_group()


def _scores_of_rank(rank, world):
    samples = [first_of_a_sequence(), *map(random_pair, range(4))]
    metric = build()
    # as DefaultSampler shards: padded with images from the beginning
    padded = (samples + samples)[: -(-5 // world) * world]
    for sample in padded[rank::world]:
        metric.process({}, [sample])
    return metric.evaluate(5)


def test_two_ranks_equal_one(tmp_path):
    mp.spawn(_evaluate_rank, args=(2, str(tmp_path)), nprocs=2)
    expected = _scores_of_rank(0, 1)
    assert expected == pytest.approx(
        expected_scores(list(map(random_pair, range(4))))
    )
    for rank in range(2):
        assert torch.load(tmp_path / f'{rank}.pt') == expected


def test_the_order_of_images_changes_nothing():
    samples = [first_of_a_sequence(), *map(random_pair, range(4))]
    scores = []
    for order in (samples, samples[::-1]):
        metric = build()
        metric.process({}, order)
        scores.append(metric.evaluate(5))
    assert scores[0] == scores[1]


def test_without_a_pair_there_is_a_warning_and_no_score(said):
    metric = build()
    metric.process({}, [first_of_a_sequence()])
    assert metric.evaluate(1) == {}
    hidden = random_pair(0)
    hidden['flow_valid']['data'][:] = False
    metric.process({}, [hidden])
    assert metric.evaluate(1) == {}
    assert 'no pixel counts of 1 pairs' in said()


@pytest.mark.parametrize(('without', 'message'), [
    ('prev_img_path', '3.png: .* finds no frame before it.*--temporal'),
    ('prev_pred_sem_seg', "3.png: .*add dict.type='PredictPreviousFrameHook"),
    ('flow', "3.png: it has no flow: put dict.type='LoadOpticalFlow"),
])  # fmt: skip
def test_what_is_missing_is_named(without, message):
    sample = random_pair(3)
    sample.pop(without)
    with pytest.raises(ValueError, match=message):
        build().process({}, [sample])


def test_what_cannot_be_compared_is_named():
    sample = random_pair(3)
    sample['pred_sem_seg']['data'] = torch.full((1, *SIZE), 4)
    with pytest.raises(ValueError, match='3.png: .*prediction.*got .4'):
        build().process({}, [sample])
    with pytest.raises(ValueError, match='one label an image'):
        TemporalConsistencyMetric().dataset_meta = dict(
            classes=CLASSES, labels_images=True
        )
