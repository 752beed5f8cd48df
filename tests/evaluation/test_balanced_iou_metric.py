import math

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample
from sklearn import metrics as sk

from mmseg_balance.evaluation import (
    BalancedIoUMetric,
    confusion_matrix,
    mean_and_std,
    summarise,
)

CITYSCAPES = (
    'road',
    'sidewalk',
    'building',
    'wall',
    'fence',
    'pole',
    'traffic light',
    'traffic sign',
    'vegetation',
    'terrain',
    'sky',
    'person',
    'rider',
    'car',
    'truck',
    'bus',
    'train',
    'motorcycle',
    'bicycle',
)
OVER = [
    'road',
    'building',
    'vegetation',
    'sky',
    'person',
    'car',
    'truck',
    'bus',
    'train',
]
NAN = math.nan
# Table 1, DAFormer: IoU of each class, mIoU 68.3, std 16.8
DAFORMER = [
    95.7,
    70.2,
    89.4,
    53.5,
    48.1,
    49.6,
    55.8,
    59.4,
    89.9,
    47.9,
    92.5,
    72.2,
    44.7,
    92.3,
    74.5,
    78.2,
    65.1,
    55.9,
    61.8,
]
# Table 3, DAFormer: accuracy of each class, mAcc 77.8, std 14.2
DAFORMER_ACC = [
    99.1,
    74.8,
    95.2,
    61.0,
    53.1,
    59.8,
    70.7,
    68.6,
    96.0,
    63.4,
    98.7,
    84.2,
    69.9,
    95.5,
    88.9,
    84.1,
    74.0,
    70.0,
    69.7,
]
# Table 2, DAFormer on SYNTHIA: mIoU 60.9, std 22.1 over 16 classes
DAFORMER_SYNTHIA = [
    84.5,
    40.7,
    88.4,
    41.5,
    6.5,
    50.0,
    55.0,
    54.6,
    86.0,
    NAN,
    89.8,
    73.2,
    48.2,
    87.2,
    NAN,
    53.2,
    NAN,
    53.9,
    61.7,
]


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def make_images(count=5, classes=4, seed=0):
    """Labels with every class and some ignored pixels, noisy predictions."""
    rng = np.random.default_rng(seed)
    images = []
    for i in range(count):
        label = rng.integers(0, classes, (7 + i, 9))
        wrong = rng.random(label.shape) < 0.4
        prediction = np.where(
            wrong, rng.integers(0, classes, label.shape), label
        )
        label[rng.random(label.shape) < 0.1] = 255
        images.append((prediction, label))
    return images


def to_sample(prediction, label, path='town/street.png'):
    sample = SegDataSample(metainfo=dict(img_path=path))
    sample.pred_sem_seg = PixelData(data=torch.as_tensor(prediction)[None])
    if label is not None:
        sample.gt_sem_seg = PixelData(data=torch.as_tensor(label)[None])
    return sample.to_dict()


def build(classes=('a', 'b', 'c', 'd'), **kwargs):
    metric = METRICS.build(dict(type='BalancedIoUMetric', **kwargs))
    metric.dataset_meta = dict(classes=classes)
    return metric


def run(images, metric=None, **kwargs):
    metric = metric or build(**kwargs)
    for prediction, label in images:
        metric.process({}, [to_sample(prediction, label)])
    return metric.evaluate(len(images))


def flat(images):
    prediction = np.concatenate([p.ravel() for p, _ in images])
    label = np.concatenate([t.ravel() for _, t in images])
    return prediction[label != 255], label[label != 255]


def test_confusion_matrix_agrees_with_sklearn():
    prediction, label = make_images()[0]
    counts = confusion_matrix(
        torch.from_numpy(prediction), torch.from_numpy(label), 4
    )
    assert counts.dtype == torch.int64
    keep = label != 255
    expected = sk.confusion_matrix(
        label[keep], prediction[keep], labels=range(4)
    )
    np.testing.assert_array_equal(counts.numpy(), expected)


def test_scores_agree_with_sklearn():
    images = make_images()
    scores = run(images)
    prediction, label = flat(images)
    iou = 100 * sk.jaccard_score(label, prediction, average=None)
    acc = 100 * sk.recall_score(label, prediction, average=None)
    names = 'abcd'
    for c, i, a in zip(names, iou, acc, strict=True):
        assert scores[f'IoU.{c}'] == pytest.approx(i)
        assert scores[f'Acc.{c}'] == pytest.approx(a)
    assert scores['mIoU'] == pytest.approx(iou.mean())
    assert scores['mAcc'] == pytest.approx(
        100 * sk.balanced_accuracy_score(label, prediction)
    )
    assert scores['aAcc'] == pytest.approx(
        100 * sk.accuracy_score(label, prediction)
    )
    assert scores['IoU_std'] == pytest.approx(np.std(iou))
    assert scores['Acc_std'] == pytest.approx(np.std(acc))
    rates = sk.confusion_matrix(label, prediction, normalize='true')
    for c, bias in zip(names, 100 * (rates.mean(0) - 1 / 4), strict=True):
        assert scores[f'Bias.{c}'] == pytest.approx(bias)


def test_agrees_with_iou_metric_of_mmseg():
    images = make_images()
    theirs = IoUMetric()
    theirs.dataset_meta = dict(classes=tuple('abcd'))
    expected = run(images, theirs)
    scores = run(images)
    for key in ('aAcc', 'mIoU', 'mAcc'):
        assert round(scores[key], 2) == pytest.approx(expected[key], abs=0.011)


def test_first_key_is_miou_so_that_save_best_auto_takes_it():
    assert next(iter(run(make_images()))) == 'mIoU'


def test_std_of_the_paper_is_of_the_population():
    table = summarise(tensor(DAFORMER), tensor(DAFORMER_ACC))
    assert round(table['IoU_std'], 2) == 16.81
    # the printed values of the classes are rounded themselves
    assert table['mIoU'] == pytest.approx(68.3, abs=0.1)
    assert table['mAcc'] == pytest.approx(77.8, abs=0.1)
    assert round(table['Acc_std'], 1) == 14.2
    assert np.std(DAFORMER, ddof=1) > 17.2


def test_subset_of_synthia_leaves_out_what_has_no_value():
    mean, std = mean_and_std(tensor(DAFORMER_SYNTHIA))
    assert round(mean, 1) == 60.9
    assert round(std, 1) == 22.1


def test_groups_of_table_18():
    # DACS in Tables 1 and 18: 68.7/28.9 and 37.0/13.1
    dacs = tensor(
        [
            93.0,
            52.0,
            87.8,
            29.4,
            38.3,
            37.7,
            45.0,
            53.3,
            87.9,
            46.3,
            90.2,
            67.8,
            38.0,
            89.0,
            51.1,
            51.1,
            0.0,
            10.7,
            19.4,
        ]
    )
    over = torch.tensor([c in OVER for c in CITYSCAPES])
    for member, expected in ((over, (68.7, 28.9)), (~over, (37.0, 13.1))):
        mean, std = mean_and_std(dacs.masked_fill(~member, torch.nan))
        assert (round(mean, 1), round(std, 1)) == expected


def test_subsets_are_means_of_the_scores_over_all_classes():
    images = make_images()
    everything = run(images)
    scores = run(images, subsets=dict(three=['a', 'c', 'd'], one=['b']))
    for kind in ('IoU', 'Acc'):
        values = [everything[f'{kind}.{c}'] for c in 'acd']
        assert scores[f'm{kind}_three'] == pytest.approx(np.mean(values))
        assert scores[f'{kind}_std_three'] == pytest.approx(np.std(values))
        assert scores[f'm{kind}_one'] == everything[f'{kind}.b']
        assert scores[f'{kind}_std_one'] == 0
    assert scores['mIoU'] == everything['mIoU']


def test_named_groups():
    images = make_images()
    scores = run(images, over_predicted=['a', 'b'])
    for group, members in (('over', 'ab'), ('under', 'cd')):
        values = [scores[f'IoU.{c}'] for c in members]
        assert scores[f'mIoU_{group}'] == pytest.approx(np.mean(values))
        assert scores[f'IoU_std_{group}'] == pytest.approx(np.std(values))


def test_groups_by_sign_of_bias():
    # half of b and of c is taken for a; d is right, its bias is 0
    label = np.repeat([0, 1, 2, 3], 4)[None]
    prediction = label.copy()
    prediction[0, [4, 5, 8, 9]] = 0
    scores = run([(prediction, label)])
    assert scores['Bias.a'] == pytest.approx(25)
    assert scores['Bias.d'] == 0
    assert scores['mAcc_over'] == 100
    assert scores['mAcc_under'] == 50


def test_perfect_prediction_has_no_groups_by_bias():
    label = np.arange(4)[None]
    scores = run([(label, label)])
    assert scores['mIoU'] == 100
    assert not [k for k in scores if k.endswith(('_over', '_under'))]


def four_classes_of_which_two_are_labelled():
    """c is predicted in one pixel and labelled in none, d is neither."""
    label = np.array([[0, 0, 0, 1, 1, 1, 1, 1]])
    prediction = label.copy()
    prediction[0, 0] = 1
    prediction[0, 4] = 2
    return [(prediction, label)]


def test_a_class_that_is_predicted_but_absent_counts_as_in_the_field():
    images = four_classes_of_which_two_are_labelled()
    scores = run(images, subsets=dict(some=['a', 'c'], none=['c', 'd']))
    prediction, label = flat(images)
    theirs = IoUMetric()
    theirs.dataset_meta = dict(classes=tuple('abcd'))
    expected = run(images, theirs)
    for key in ('aAcc', 'mIoU', 'mAcc'):
        assert scores[key] == pytest.approx(expected[key], abs=0.005)
    iou = 100 * sk.jaccard_score(label, prediction, average=None)
    assert iou.tolist() == pytest.approx([200 / 3, 400 / 6, 0])
    assert scores['mIoU'] == pytest.approx(iou.mean())
    assert scores['IoU_std'] == pytest.approx(np.std(iou))
    labelled = 100 * sk.jaccard_score(
        label, prediction, average=None, labels=np.unique(label)
    )
    assert scores['mIoU_labelled'] == pytest.approx(labelled.mean())
    assert scores['IoU_std_labelled'] == pytest.approx(np.std(labelled))
    for key in ('mAcc', 'Acc_std'):
        assert scores[f'{key}_labelled'] == scores[key]
    assert scores['IoU.c'] == 0
    assert scores['mIoU_some'] == pytest.approx(scores['IoU.a'] / 2)
    assert not {'Acc.c', 'Bias.c', 'IoU.d'} & set(scores)
    assert not [k for k in scores if k.endswith('_none')]
    assert not [k for k, v in scores.items() if math.isnan(v)]


def test_a_class_that_is_nowhere_is_in_no_mean():
    images = make_images(classes=3)
    scores = run(images, over_predicted=['a', 'd'])
    prediction, label = flat(images)
    iou = 100 * sk.jaccard_score(label, prediction, average=None)
    assert scores['mIoU'] == pytest.approx(iou.mean())
    assert scores['mIoU_labelled'] == scores['mIoU']
    assert scores['mIoU_over'] == scores['IoU.a']
    assert not [k for k in scores if k.endswith('.d')]


def test_where_all_classes_are_labelled_there_is_one_mean():
    assert not [k for k in run(make_images()) if k.endswith('_labelled')]


@pytest.mark.parametrize('predicted', [False, True])
def test_absent_classes_are_named(capfd, predicted):
    from mmengine.logging import MMLogger

    name = f'absent_{predicted}'
    MMLogger.get_instance(name, logger_name=name)
    if predicted:
        run(four_classes_of_which_two_are_labelled())
        expected = (
            'classes without a labelled pixel: c, d. c: predicted, so IoU is '
            '0, as in MMSegmentation. mIoU 44.44 is over labelled and '
            'predicted classes (that of MMSegmentation), mIoU_labelled 66.67 '
            'over labelled ones alone'
        )
    else:
        run(make_images(classes=3))
        expected = (
            'classes without a labelled pixel: d. They are not predicted, '
            'and in no mean'
        )
    text = ''.join(capfd.readouterr())
    assert expected in text
    assert '|   d   |   -   |' in text


def test_the_headline_of_a_source_with_fewer_classes():
    """Neither means nor groups have classes that nothing was learnt of."""
    images = make_images()
    everything = run(images)
    named = dict(subsets=dict(three=['a', 'c', 'd']), headline='three')
    scores = run(images, over_predicted=['a', 'b'], **named)
    for kind in ('IoU', 'Acc'):
        values = [everything[f'{kind}.{c}'] for c in 'acd']
        for ending in ('', '_three'):
            mean, std = (f'm{kind}{ending}', f'{kind}_std{ending}')
            assert scores[mean] == pytest.approx(np.mean(values))
            assert scores[std] == pytest.approx(np.std(values))
        for key in (f'm{kind}', f'{kind}_std'):
            assert scores[f'{key}_all'] == everything[key]
    assert scores['aAcc'] == everything['aAcc']
    assert scores['mIoU_over'] == scores['IoU.a']
    under = np.mean([scores['IoU.c'], scores['IoU.d']])
    assert scores['mIoU_under'] == pytest.approx(under)
    assert next(iter(scores)) == 'mIoU'
    by_bias = run(images, **named)
    signs = {c: np.sign(by_bias[f'Bias.{c}']) for c in 'acd'}
    for group, sign in (('over', 1), ('under', -1)):
        values = [by_bias[f'IoU.{c}'] for c in 'acd' if signs[c] == sign]
        if values:
            found = by_bias[f'mIoU_{group}']
            assert found == pytest.approx(np.mean(values))


def test_a_headline_without_labels_leaves_the_rest():
    images = make_images(classes=3)
    scores = run(images, subsets=dict(one=['d']), headline='one')
    assert 'mIoU' not in scores
    assert scores['mIoU_all'] == run(images)['mIoU']


def test_synthia_runs_are_scored_on_the_classes_of_synthia():
    """16 good classes, and three that nothing was learnt of."""
    root = ROOT
    name = 'daformer_mit-b5_40k_synthia2cityscapes-512x512.py'
    cfg = Config.fromfile(root / 'configs/daformer' / name)
    label = np.arange(19).repeat(10)[None]
    prediction = label.copy()
    for c, taken_for in (('terrain', 8), ('truck', 13), ('train', 15)):
        prediction[label == CITYSCAPES.index(c)] = taken_for
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        evaluator = evaluator.to_dict()
        assert evaluator.pop('type') == 'BalancedIoUMetric'
        scores = run([(prediction, label)], classes=CITYSCAPES, **evaluator)
        iou = np.array([100.0] * 13 + [50.0] * 3)
        for ending in ('', '_synthia16'):
            assert scores[f'mIoU{ending}'] == pytest.approx(iou.mean())
            assert scores[f'IoU_std{ending}'] == pytest.approx(iou.std())
            assert scores[f'mAcc{ending}'] == 100
        assert scores['mIoU_all'] == pytest.approx(iou.sum() / 19)
        # road, building, vegetation, sky, person, car, bus
        assert scores['mIoU_over'] == pytest.approx((400 + 3 * 50) / 7)
        assert scores['mIoU_under'] == 100


def test_no_labelled_pixel_gives_no_score():
    assert run([(np.zeros((2, 2), int), np.full((2, 2), 255))]) == {}


@pytest.mark.parametrize('ignore_index', [255, 0, -1])
def test_ignore_index(ignore_index):
    label = np.array([[1, 1, 2, 3, ignore_index]])
    scores = run(
        [(np.array([[1, 1, 2, 3, 2]]), label)], ignore_index=ignore_index
    )
    assert scores['mIoU'] == 100


@pytest.mark.parametrize(
    'prediction, label, message',
    [
        (
            np.zeros((4, 4), int),
            np.zeros((4, 5), int),
            r'\(4, 4\) and \(4, 5\)',
        ),
        (np.full((4, 4), 4), np.zeros((4, 4), int), r'prediction.*\[4\]'),
        (np.full((4, 4), -1), np.zeros((4, 4), int), r'prediction.*\[-1\]'),
        (np.zeros((4, 4), int), np.full((4, 4), 7), r'label.*0 to 3.*\[7\]'),
        (np.zeros((4, 4), int), None, 'no label'),
    ],
)
def test_bad_image_is_named(prediction, label, message):
    metric = build()
    with pytest.raises(ValueError, match='town/street.png.*' + message):
        metric.process({}, [to_sample(prediction, label)])


def test_unknown_class_name_is_refused_before_any_image():
    with pytest.raises(ValueError, match=r"subsets\.few.*\['lorry'\]"):
        build(subsets=dict(few=['a', 'lorry']))
    with pytest.raises(ValueError, match=r"over_predicted.*\['lorry'\]"):
        build(over_predicted=['lorry'])
    for name in ('over', 'labelled'):
        with pytest.raises(ValueError, match=repr(name)):
            BalancedIoUMetric(subsets={name: ['a']})
    with pytest.raises(ValueError, match=r"headline.*'few'.*\['many'\]"):
        BalancedIoUMetric(subsets=dict(many=['a']), headline='few')
    with pytest.raises(TypeError, match='subset'):
        build(subset=dict(few=['a']))


def test_saves_predictions(tmp_path):
    from PIL import Image

    metric = build(
        output_dir=str(tmp_path), format_only=True, keep_results=True
    )
    prediction = np.array([[0, 1], [2, 3]])
    metric.process({}, [to_sample(prediction, None)])
    assert metric.evaluate(1) == {}
    saved = np.array(Image.open(tmp_path / 'street.png'))
    np.testing.assert_array_equal(saved, prediction)


def test_without_values_of_each_class():
    scores = run(make_images(), per_class=False)
    assert not [k for k in scores if '.' in k]


# label and prediction of five images
PAIRS = [(0, 0), (0, 1), (1, 1), (2, 0), (2, 2)]


def evaluate_pairs(pairs, count):
    """Scores of some images by the metric of classifiers."""
    metric = METRICS.build(dict(type='ClassificationMetric'))
    metric.dataset_meta = dict(classes=('a', 'b', 'c'), labels_images=True)
    for label, prediction in pairs:
        one = np.full((1, 1), prediction), np.full((1, 1), label)
        metric.process({}, [to_sample(*one)])
    return metric.evaluate(count)


def _evaluate_rank(rank, world, folder):
    import os

    from torch import distributed

    os.chdir(folder)
    distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/store',
        rank=rank,
        world_size=world,
    )
    images = make_images(count=5)
    metric = build()
    # as DefaultSampler shards: padded with images from the beginning
    padded = (images + images)[:6]
    for image in padded[rank::world]:
        metric.process({}, [to_sample(*image)])
    scores = metric.evaluate(len(images))
    pairs = (PAIRS + PAIRS)[:6]
    scores = scores, evaluate_pairs(pairs[rank::world], len(PAIRS))
    torch.save(scores, f'{folder}/{rank}.pt')
    distributed.destroy_process_group()


def test_two_ranks_equal_one(tmp_path):
    """An odd number of images: the sampler repeats one, it counts once."""
    mp.spawn(_evaluate_rank, args=(2, str(tmp_path)), nprocs=2)
    expected = run(make_images(count=5)), evaluate_pairs(PAIRS, 5)
    assert expected[1]['aAcc'] == pytest.approx(60)
    for rank in range(2):
        assert torch.load(tmp_path / f'{rank}.pt') == expected
