import os

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mmengine.evaluator import Evaluator
from mmengine.structures import PixelData
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample

from mmseg_balance.evaluation import PanopticQualityMetric
from mmseg_balance.panoptic.ids import VOID_ID

CLASSES = ('road', 'sky', 'car', 'person')
META = dict(classes=CLASSES, thing_classes=('car', 'person'))
SEGMENTS = [
    dict(id=1, label=0, isthing=False, iscrowd=False),
    dict(id=2, label=1, isthing=False, iscrowd=False),
    dict(id=3, label=2, isthing=True, iscrowd=False),
    dict(id=4, label=2, isthing=True, iscrowd=False),
]
LABEL = np.array(
    [
        [2, 2, 2, 2, 2, 2],
        [3, 3, 1, 1, 4, 4],
        [3, 3, 1, 1, 4, 4],
        [1, 1, 1, 1, 1, 1],
    ]
)
# one car is missed (void), and a person seen in the sky
PREDICTED = np.array(
    [
        [1000, 1000, 1000, 1000, 3001, 3001],
        [2001, 2001, 0, 0, VOID_ID, VOID_ID],
        [2001, 2001, 0, 0, VOID_ID, VOID_ID],
        [0, 0, 0, 0, 0, 0],
    ]
)


def build(meta=META, **kwargs):
    metric = METRICS.build(dict(type='PanopticQualityMetric', **kwargs))
    metric.dataset_meta = meta
    return metric


def sample(predicted=PREDICTED, labelled=LABEL, segments=SEGMENTS):
    found = SegDataSample(
        metainfo=dict(img_path='a/street.png', segments_info=segments)
    )
    found.pred_panoptic_seg = PixelData(data=torch.tensor(predicted)[None])
    found.gt_panoptic_seg = PixelData(data=torch.tensor(labelled)[None])
    return found


def run(samples, **kwargs):
    """Scores as a loop gets them."""
    evaluator = Evaluator(build(**kwargs))
    for one in samples:
        evaluator.process(data_samples=[one], data_batch={})
    return evaluator.evaluate(len(samples))


def test_scores_by_hand():
    scores = run([sample()])
    # road and sky are found, with IoU 1 and 4 / 6; one of two cars; nobody
    qualities = dict(
        PQ=[100, 200 / 3, 100 / 1.5, 0],
        SQ=[100, 200 / 3, 100, 0],
        RQ=[100, 100, 100 / 1.5, 0],
    )
    # the missed car is road
    as_road = {k: list(v) for k, v in qualities.items()}
    as_road['PQ'][0] = as_road['SQ'][0] = 100 * 10 / 14
    expected = {}
    for key, values in qualities.items():
        for name, part in (
            ('', slice(4)),
            ('_things', slice(2, 4)),
            ('_stuff', slice(2)),
        ):
            expected[f'm{key}{name}'] = np.mean(values[part])
            expected[f'{key}_std{name}'] = np.std(values[part])
        expected[f'm{key}_void_apart'] = np.mean(values)
        expected[f'm{key}_void_as_road'] = np.mean(as_road[key])
        for name, value in zip(CLASSES, values, strict=True):
            expected[f'{key}.{name}'] = value
    assert scores == pytest.approx(expected)
    assert list(scores)[:3] == ['mPQ', 'mSQ', 'mRQ']
    assert all(type(value) is float for value in scores.values())
    asked = run([sample()], void_as_road=True, per_class=False)
    for key in ('mPQ', 'mSQ', 'mRQ'):
        assert asked[key] == scores[f'{key}_void_as_road']
        assert asked[f'{key}_void_apart'] == scores[key]
    assert not any('.' in key for key in asked)


def test_classes_of_a_source_are_the_headline():
    subsets = dict(no_sky=['road', 'car', 'person'])
    scores = run([sample()], subsets=subsets, headline='no_sky')
    whole = run([sample()])
    assert scores['mPQ'] == pytest.approx(np.mean([100, 100 / 1.5, 0]))
    assert scores['mPQ_no_sky'] == scores['mPQ']
    assert scores['mPQ_void_apart'] == scores['mPQ']
    assert scores['mPQ_stuff'] == 100
    assert scores['mPQ_all'] == whole['mPQ']
    assert scores['mPQ_things'] == whole['mPQ_things']


def test_a_data_set_with_a_part_of_its_classes():
    meta = dict(classes=CLASSES[:3], thing_classes=('car', 'person'))
    predicted = np.where(PREDICTED == 3001, 1000, PREDICTED)
    scores = run([sample(predicted)], meta=meta)
    assert scores['mPQ_things'] == scores['PQ.car'] == pytest.approx(200 / 3)
    assert scores['mPQ_stuff'] == 100


def test_sums_do_not_grow_and_begin_anew():
    metric = build()
    for _ in range(2):
        for one in [sample()] * 5:
            metric.process({}, [one.to_dict()])
            assert len(metric.results) <= 2
        scores = metric.evaluate(5)
        assert scores['mPQ'] == pytest.approx(run([sample()])['mPQ'])
        assert metric.counts.void_apart.tp.tolist() == [5, 5, 5, 0]
        assert metric.counts.num_images == 5


CROWDS = [dict(SEGMENTS[k], iscrowd=True) for k in (2, 3)]


@pytest.mark.parametrize('segments', [[], CROWDS], ids=['void', 'crowd'])
def test_a_set_without_segments_has_no_score(segments):
    listed = [s['id'] for s in segments]
    labelled = np.where(np.isin(LABEL, listed), LABEL, 0)
    nothing = np.full_like(PREDICTED, VOID_ID)
    assert run([sample(nothing, labelled, segments)]) == {}


def test_images_of_stuff_alone_or_of_void_alone_count_as_they_are():
    stuff = np.where(LABEL > 2, 1, LABEL)
    predicted = np.where(stuff == 2, 1000, 0)
    images = [
        sample(predicted, stuff, SEGMENTS[:2]),
        sample(labelled=0 * LABEL, segments=[]),
    ]
    scores = run(images)
    assert scores['mPQ'] == scores['mPQ_stuff'] == 100
    assert 'mPQ_things' not in scores
    assert 'PQ.car' not in scores


def test_possible_scores_are_all_that_there_may_be():
    metric = build(prefix='toy')
    found = {f'toy/{key}' for key in run([sample()])}
    assert metric.possible_scores() == found


def test_both_readings_are_printed(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'mmseg_balance.evaluation.panoptic.panoptic_quality_metric.print_log',
        lambda text, *_: lines.extend(text.splitlines()),
    )
    run([sample()])
    rows = {
        line.split('|')[1].strip(): [c.strip() for c in line.split('|')[2:-1]]
        for line in lines
        if line.count('|') > 2
    }
    assert rows['car'] == ['66.67', '100.00', '66.67', '1', '0', '1']
    assert rows['things'][:3] == ['33.33', '50.00', '33.33']
    assert rows['void_apart'] == ['58.33', '66.67', '66.67']
    assert rows['void_as_road'] == ['51.19', '59.52', '66.67']


def _evaluate_rank(rank, world, folder):
    from torch import distributed

    os.chdir(folder)
    distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/store',
        rank=rank,
        world_size=world,
    )
    images = five_images()
    metric = build()
    # as DefaultSampler shards: padded with images from the beginning
    for one in (images + images)[:6][rank::world]:
        metric.process({}, [one.to_dict()])
    scores = metric.evaluate(len(images))
    torch.save(scores, f'{folder}/{rank}.pt')
    distributed.destroy_process_group()


def five_images():
    return [sample(np.roll(PREDICTED, k, axis=1)) for k in range(5)]


def test_two_ranks_equal_one(tmp_path):
    """An odd number of images: the sampler repeats one, it counts once."""
    mp.spawn(_evaluate_rank, args=(2, str(tmp_path)), nprocs=2)
    expected = run(five_images())
    for rank in range(2):
        assert torch.load(tmp_path / f'{rank}.pt') == pytest.approx(expected)


@pytest.mark.parametrize(
    ('key', 'mend'),
    [
        ('pred_panoptic_seg', 'PanopticEncoderDecoder'),
        ('gt_panoptic_seg', 'LoadPanopticAnnotations'),
        ('segments_info', 'PackPanopticInputs'),
    ],
)
def test_semantic_models_and_labels_are_refused(key, mend):
    one = sample().to_dict()
    del one[key]
    with pytest.raises(ValueError) as error:
        build().process({}, [one])
    for part in ('a/street.png', key, 'val_evaluator', mend):
        assert part in str(error.value)


def test_a_semantic_data_set_is_refused_before_anything_runs():
    with pytest.raises(ValueError, match='metainfo.thing_classes.*val_data'):
        build(meta=dict(classes=CLASSES))


def test_an_image_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r'a/street.png: .* \[4\]'):
        run([sample(segments=SEGMENTS[:3])])


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(subsets=dict(things=['car'])), "the name 'things'"),
        (dict(headline='most'), "headline .* is 'most'"),
        (dict(subsets=dict(most=['dog'])), r"subsets.most .* \['dog'\]"),
    ],
)
def test_settings_that_do_not_fit_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


def test_it_is_public():
    assert METRICS.get('PanopticQualityMetric') is PanopticQualityMetric
