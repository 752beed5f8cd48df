"""``logits sweep-tau`` without labels: what it measures, and what it chooses.

Checked by predicting files that were mirrored by hand, and each part of a
UDA model by itself.
"""

import json
import re
import shutil

import cv2
import numpy as np
import pytest
import torch
from helpers.tiny_classifiers import classifier_cfg
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from sklearn.metrics import accuracy_score, jaccard_score

from mmseg_balance.cli.main import main
from mmseg_balance.evaluation.unsupervised.criteria import CRITERIA
from mmseg_balance.inference.evaluation_set import build_labelled_test_set
from mmseg_balance.inference.passes.labelled_logits import predict_logits
from mmseg_balance.inference.trained_model import build_predictor
from mmseg_balance.logits import LogitStatistics, load_statistics
from mmseg_balance.logits.bias import balanced_bias, mixture_bias
from mmseg_balance.logits.post_hoc.scores import tau_scores
from mmseg_balance.logits.statistics.file import save_statistics

CLASSES = ('sky', 'road', 'car')
TAUS = (0.0, 0.5, 1.2)
PARTS_OF = ('student', 'teacher')
PARTS = ('teacher_agreement', 'teacher_iou', 'teacher_shares')


def save_weights(config, path, drop=''):
    """Random weights of the model of a config."""
    init_default_scope('mmseg')
    torch.manual_seed(1)
    model = MODELS.build(Config.fromfile(config).model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    state = {
        key: value
        for key, value in model.state_dict().items()
        if not (drop and key.startswith(drop))
    }
    meta = dict(dataset_meta=dict(classes=CLASSES))
    torch.save(dict(state_dict=state, meta=meta), path)
    return path


@pytest.fixture
def statistics(tmp_path):
    torch.manual_seed(0)
    found = LogitStatistics(3)
    for bank in (found.anchors, found.source, found.target):
        bank.means.normal_(0, 1)
        bank.num_updates.fill_(1)
    path = tmp_path / 'statistics.pth'
    save_statistics(path, found, dict(classes=list(CLASSES)))
    return path


@pytest.fixture
def plain(tiny_config, statistics, tmp_path):
    config = tiny_config()
    return config, save_weights(config, tmp_path / 'plain.pth'), statistics


@pytest.fixture
def uda(uda_config, statistics, tmp_path):
    config = uda_config()
    return config, save_weights(config, tmp_path / 'uda.pth'), statistics


@pytest.fixture
def sweep(tmp_path, capsys):
    """Run the command; gives what it wrote and printed."""
    count = 0

    def run(files, *options):
        nonlocal count
        count += 1
        out = tmp_path / f'out{count}'
        words = ['logits', 'sweep-tau', *files, '--out', out]
        words += ['--taus', *TAUS, *options]
        capsys.readouterr()
        main([*map(str, words)])
        found = json.loads((out / 'tau_sweep.json').read_text())
        return found, capsys.readouterr()

    return run


def refused(*words):
    with pytest.raises(SystemExit) as exit_:
        main([*map(str, ('logits', 'sweep-tau', *words))])
    message = str(exit_.value)
    assert len(message.splitlines()) == 1
    return message


def labels_by_tau(files, part=None, images=None):
    """Classes that each tau predicts of all pixels, (T, images, H, W)."""
    config, checkpoint, path = files
    cfg = Config.fromfile(config)
    if images is not None:
        cfg.test_dataloader.dataset.data_prefix.img_path = str(images)
    cfg, model = build_predictor(cfg, str(checkpoint), part=part)
    found, _ = load_statistics(path)
    found.grid_size = 512
    return np.stack(
        [
            tau_scores(image.logits[None], found.table, TAUS, 1)[:, 0]
            for image in predict_logits(
                model, build_labelled_test_set(cfg), num_workers=0
            )
        ],
        1,
    )


def test_the_mirrored_image(plain, sweep, street_data, tmp_path):
    found, printed = sweep(plain)
    mirrored = tmp_path / 'mirrored'
    mirrored.mkdir()
    for path in (street_data / 'img/val').iterdir():
        image = cv2.imread(str(path))[:, ::-1]
        cv2.imwrite(str(mirrored / path.name), image)
    own = labels_by_tau(plain)
    turned = labels_by_tau(plain, images=mirrored)[..., ::-1]
    for row, first, second in zip(found['criteria'], own, turned):
        pair = first.ravel(), second.ravel()
        assert row['flip_agreement'] == pytest.approx(
            100 * accuracy_score(*pair)
        )
        assert row['flip_iou'] == pytest.approx(
            100 * jaccard_score(*pair, average='macro')
        )
        shares = [100 * np.mean(first == c) for c in range(3)]
        assert [*row['shares']] == [*CLASSES]
        assert [*row['shares'].values()] == pytest.approx(shares)
    agreed = [row['flip_agreement'] for row in found['criteria']]
    assert len(set(agreed)) == 3 and max(agreed) < 100
    # a plain segmentor has no other part, and its table no such column
    assert set(found['not_measured']) == set(PARTS)
    assert (
        'no student and teacher: teacher_agreement, teacher_iou' in printed.err
    )
    assert 'SND' in printed.out and '(teacher_iou)' not in printed.out
    assert [r['tau'] for r in found['scores']] == [*TAUS]
    assert found['chosen'] is None and found['labels'] is True


def test_student_and_teacher(uda, sweep):
    student, teacher = (labels_by_tau(uda, part) for part in PARTS_OF)
    for part, own in zip(PARTS_OF, (student, teacher)):
        found, printed = sweep(uda, '--part', part, '--criteria', *PARTS)
        for i, row in enumerate(found['criteria']):
            pair = student[i].ravel(), teacher[i].ravel()
            assert row['teacher_agreement'] == pytest.approx(
                100 * accuracy_score(*pair)
            )
            assert row['teacher_iou'] == pytest.approx(
                100 * jaccard_score(*pair, average='macro')
            )
            if part == 'teacher':
                continue
            differences = [
                np.mean(own[i] == c) - np.mean(teacher[0] == c)
                for c in range(3)
            ]
            distance = 50 * np.abs(differences).sum()
            assert row['teacher_shares'] == pytest.approx(distance)
        assert 0 < found['criteria'][1]['teacher_agreement'] < 100
        has_shares = 'teacher_shares' in found['criteria'][0]
        assert has_shares == (part == 'student')
    assert 'the teacher is what predicts' in printed.err


def test_a_checkpoint_without_teacher(uda, sweep, tmp_path):
    """Random weights are none to be compared with."""
    config, _, statistics = uda
    alone = save_weights(config, tmp_path / 'alone.pth', drop='teacher.')
    found, _ = sweep((config, alone, statistics), '--criteria', *PARTS)
    assert set(found['not_measured']) == set(PARTS)
    reason = found['not_measured']['teacher_iou']
    assert reason == f'{alone} has no teacher that fits the config'
    message = refused(
        config, alone, statistics, '--choose', 'teacher_iou', '--out', tmp_path
    )
    assert f'--choose teacher_iou: {alone} has no teacher' in message


def test_the_bias_of_the_mixtures(plain, sweep):
    found, _ = sweep(plain, '--criteria', 'mixture_bias')
    statistics, _ = load_statistics(plain[2])
    statistics.grid_size = 512
    bank = statistics.target
    expected = balanced_bias(bank, statistics.table, TAUS, 1)
    for row, biases in zip(found['criteria'], expected):
        assert [*row] == ['tau', 'mixture_bias', 'shares', 'biases']
        assert [*row['biases'].values()] == pytest.approx(
            [100 * float(b) for b in biases]
        )
        assert row['mixture_bias'] == pytest.approx(
            100 * float(biases.abs().mean())
        )
    exact = 100 * float(mixture_bias(bank).abs().mean())
    assert found['criteria'][0]['mixture_bias'] == pytest.approx(exact, abs=1)


def without_labels(config, tmp_path, **changes):
    """A config whose test set has no labels on disk."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(changes)
    path = tmp_path / 'no_labels.py'
    cfg.dump(path)
    return path


def test_without_labels_the_criteria_are_the_same(
    plain, sweep, street_data, tmp_path
):
    config, checkpoint, statistics = plain
    few = '--criteria', 'snd', 'im', 'flip_iou', 'share_shift'
    wanted, _ = sweep(plain, *few)
    assert wanted['criteria'][0]['im'] != wanted['criteria'][1]['im']
    images = street_data / 'img/val'
    prefix = 'test_dataloader.dataset.data_prefix.seg_map_path'
    missing = without_labels(config, tmp_path, **{prefix: 'nowhere'})
    never, alone = tmp_path / 'never.py', tmp_path / 'alone.py'
    cfg = Config.fromfile(config)
    cfg.test_pipeline = [cfg.test_pipeline[0], cfg.test_pipeline[-1]]
    cfg.test_dataloader.dataset.pipeline = cfg.test_pipeline
    cfg.dump(never)
    cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None
    cfg.dump(alone)
    copied = tmp_path / 'copied'
    shutil.copytree(images, copied / 'below')
    for files, options in (
        (plain, ['--no-labels']),
        ((missing, *plain[1:]), ['--no-labels']),
        ((never, *plain[1:]), []),
        ((alone, *plain[1:]), ['--target-images', copied]),
    ):
        found, printed = sweep(files, *few, *options)
        assert found['criteria'] == wanted['criteria']
        assert found['labels'] is False and found['images'] == 5
        assert 'scores' not in found and 'best' not in found
        assert 'mIoU' not in printed.out and 'SND' in printed.out
        assert 'wrote tau_sweep.json to' in printed.out
    assert not list(tmp_path.glob('out[2-9]/*.png'))
    message = refused(missing, *plain[1:], '--out', tmp_path / 'none')
    assert 'seg_map_path' in message and message.endswith('--no-labels')
    drawn = tmp_path / 'out2/tau_sweep.json'
    with pytest.raises(SystemExit, match='was made without labels'):
        words = 'figure', 'tau', config, checkpoint, '--sweep', drawn
        main([*map(str, (*words, '--out', tmp_path / 'drawn'))])


def test_labels_of_some_images_alone_are_refused(plain, tmp_path):
    config, checkpoint, statistics = plain
    cfg = Config.fromfile(config)
    first = cfg.test_dataloader.dataset
    second = Config(first.to_dict())._cfg_dict
    second.pipeline = [second.pipeline[0], second.pipeline[-1]]
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[first, second]
    )
    mixed = tmp_path / 'mixed.py'
    cfg.dump(mixed)
    files = mixed, checkpoint, statistics
    message = refused(*files, '--out', tmp_path / 'mixed')
    assert re.search(r'img/val/0.png has no label, and others', message)


def test_the_choice(plain, sweep):
    few = '--no-labels', '--criteria', 'entropy', 'im'
    found, printed = sweep(plain, '--choose', 'entropy', *few)
    values = [row['entropy'] for row in found['criteria']]
    tau = TAUS[int(np.argmin(values))]
    assert found['chosen'] == dict(criterion='entropy', tau=tau)
    assert printed.out.endswith(f'entropy chooses tau {tau:g}\n')
    found, _ = sweep(plain, '--choose', 'snd', '--criteria', 'snd', 'im')
    values = [row['snd'] for row in found['criteria']]
    assert found['chosen']['tau'] == TAUS[int(np.argmax(values))]
    assert set(found['criteria'][0]) == {'tau', 'snd', 'im', 'shares'}
    # one that is named by none
    found, _ = sweep(plain, '--criteria', 'flip_iou', '--choose')
    values = [row['flip_iou'] for row in found['criteria']]
    tau = TAUS[int(np.argmax(values))]
    assert found['chosen'] == dict(criterion='flip_iou', tau=tau)
    found, printed = sweep(plain, '--criteria', 'none')
    assert found['criteria'] == [] and 'SND' not in printed.out


def test_a_tie_is_said_and_loses_nothing(plain, tmp_path):
    """Offsets of mixtures like their anchors are 0: each tau is the same."""
    config, checkpoint, _ = plain
    same = LogitStatistics(3)
    for bank in (same.anchors, same.source, same.target):
        bank.num_updates.fill_(1)
    path, out = tmp_path / 'same.pth', tmp_path / 'tied'
    save_statistics(path, same, {})
    message = refused(
        *(config, checkpoint, path, '--taus', 0, 0.5, '--out', out),
        *('--choose', 'flip_iou', '--criteria', 'flip_iou', 'snd'),
    )
    assert '--choose: flip_iou does not tell tau 0, 0.5' in message
    found = json.loads((out / 'tau_sweep.json').read_text())
    assert found['chosen'] is None and len(found['criteria']) == 2


@pytest.mark.parametrize(
    'options, message',
    [
        (['--taus', '0.5', '--choose', 'snd'], '--choose.*one tau is 0.5'),
        (['--choose', 'mIoU'], "--choose: Expected a criterion.*'mIoU'"),
        (['--choose', 'share_shift'], 'which it would always choose'),
        (['--criteria', 'snd', 'all'], "--criteria: expected.*but got 'all'"),
        (['--choose', 'snd', '--criteria', 'im'], 'not among --criteria im'),
        (['--criteria', 'none', '--no-labels'], 'nothing to measure'),
    ],
)
def test_options_that_cannot_work(options, message, tmp_path):
    """Said before anything is read: there is no such config."""
    files = ['none.py', 'none.pth', 'none.pth', '--out', tmp_path / 'out']
    assert re.search(message, refused(*files, *options))


def test_nothing_is_left_to_measure(plain, tmp_path):
    message = refused(
        *(*plain, '--criteria', 'teacher_iou', '--no-labels'),
        *('--out', tmp_path / 'out'),
    )
    assert 'nothing to measure: add others to --criteria' in message
    message = refused(*plain, '--target-images', tmp_path / 'nowhere')
    assert f'--target-images {tmp_path}/nowhere is no folder' in message
    (tmp_path / 'empty').mkdir()
    message = refused(*plain, '--target-images', tmp_path / 'empty')
    assert 'empty' in message and 'image' in message


def test_a_classifier(sweep, tmp_path):
    """Images are neighbours of each other; a folder of images will do."""
    generator = np.random.default_rng(0)
    for index, name in enumerate(('dark', 'grey', 'light')):
        folder = tmp_path / 'images' / name
        folder.mkdir(parents=True)
        for number in range(4):
            noise = generator.integers(0, 60, (8, 8, 3))
            image = (90 * index + noise).astype(np.uint8)
            cv2.imwrite(str(folder / f'{number}.png'), image)
    data = dict(
        type='ClassFolderDataset',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='images'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadClassLabel'),
            dict(type='PackUDAInputs'),
        ],
    )
    cfg = Config(
        dict(
            default_scope='mmseg',
            custom_imports=dict(imports=['mmseg_balance']),
            model=classifier_cfg(num_classes=3),
            test_dataloader=dict(batch_size=2, num_workers=0, dataset=data),
            test_evaluator=dict(type='ClassificationMetric'),
            test_cfg=dict(type='TestLoop'),
        )
    )
    config, checkpoint = tmp_path / 'classifier.py', tmp_path / 'weights.pth'
    cfg.dump(config)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    meta = dict(dataset_meta=dict(classes=('dark', 'grey', 'light')))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    banks = LogitStatistics(3)
    for bank in (banks.anchors, banks.source, banks.target):
        bank.means.normal_(0, 0.2)
        bank.num_updates.fill_(1)
    statistics = tmp_path / 'banks.pth'
    save_statistics(statistics, banks, {})
    files = config, checkpoint, statistics

    found, _ = sweep(files, '--choose', 'snd')
    assert [*found['best']] == ['mAcc', 'Acc_std']
    measured = set(found['criteria'][0]) & set(CRITERIA)
    assert measured == set(CRITERIA) - set(PARTS)
    assert 0 < found['criteria'][0]['snd'] <= np.log(11)
    for options in (
        ['--no-labels'],
        ['--target-images', tmp_path / 'images'],
    ):
        alone, _ = sweep(files, *options)
        assert alone['criteria'] == found['criteria']


def test_a_panoptic_model(panoptic, sweep, tmp_path):
    """Its classifier of pixels, mirrored as any other."""
    config, checkpoint = panoptic(dict(type='CenterOffsetHead', channels=16))
    classes = torch.load(checkpoint)['meta']['dataset_meta']['classes']
    banks = LogitStatistics(len(classes))
    for bank in (banks.anchors, banks.source, banks.target):
        bank.means.normal_(0, 1)
        bank.num_updates.fill_(1)
    save_statistics(tmp_path / 'banks.pth', banks, {})
    files = config, checkpoint, tmp_path / 'banks.pth'
    few = '--criteria', 'flip_iou', 'entropy'
    found, _ = sweep(files, *few)
    assert 0 < found['criteria'][1]['flip_iou'] < 100
    alone, _ = sweep(files, *few, '--no-labels')
    assert alone['criteria'] == found['criteria']
