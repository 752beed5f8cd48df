"""Labels of a target set, from a model whose confidences are known."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from mmseg_balance.cli.main import main
from mmseg_balance.inference import Predictor
from mmseg_balance.inference.pseudo_labelling import run as run_module
from mmseg_balance.inference.pseudo_labelling.record import report
from mmseg_balance.inference.pseudo_labelling.run import PseudoLabelRun
from mmseg_balance.inference.pseudo_labelling.target_images import find_target
from mmseg_balance.inference.pseudo_labelling.thresholds import ThresholdRule

CLASSES = ('road', 'sidewalk', 'building')
NAMES = ('bonn/x', 'bonn/y', 'ulm/x')


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_module, 'progress_bar', _no_bar)


class _no_bar:
    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    def update(self):
        pass


@pytest.fixture
def images():
    """Three images in the folders of Cityscapes, of classes 0 and 1."""
    rng = np.random.default_rng(0)
    found = {}
    for name in NAMES:
        path = Path(f'data/leftImg8bit/{name}_leftImg8bit.png')
        path.parent.mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 6, (6, 8, 3), np.uint8)
        image[..., 2] = 0
        image[..., 0] += image[..., 0] == image[..., 1]
        found[name] = image
        cv2.imwrite(str(path), image)
    return found


def target_config(**changes):
    return dict(
        type='CityscapesDataset',
        data_root='data',
        data_prefix=dict(img_path='leftImg8bit'),
        metainfo=dict(classes=CLASSES),
        pipeline=[],
        **changes,
    )


@pytest.fixture
def stage(trained):
    """Config, with a target, and checkpoint of the first stage."""

    def stage(target=None, **changes):
        target = target or target_config()
        target.get('dataset', target)['metainfo'] = dict(classes=CLASSES)
        data = dict(type='UDADataset', source={}, target=target)
        # in the test set as well, with colours
        meta = dict(classes=CLASSES, palette=[[9] * 3, [60] * 3, [250] * 3])
        return trained(
            meta=meta,
            **{
                'train_dataloader.dataset': data,
                'test_dataloader.dataset.metainfo': meta,
                **changes,
            },
        )

    return stage


def make(files, out='out', images=None, **settings):
    predictor = Predictor(*files, num_workers=0, device='cpu')
    rule = ThresholdRule(**settings)
    target = find_target(predictor.cfg, Path(out), predictor.classes, images)
    return PseudoLabelRun(predictor, target, out, rule)


def label_of(name, out='out'):
    path = f'{out}/{name}_gtFine_labelTrainIds.png'
    values = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    assert values is not None, path
    return values


def expected_labels(images, share=0.5, cap=0.9):
    """By sorting all confidences."""
    logits = {k: v.astype(np.float64) for k, v in images.items()}
    classes = {k: v.argmax(-1) for k, v in logits.items()}
    confidence = {
        k: (np.exp(v).max(-1) / np.exp(v).sum(-1)).astype(np.float32)
        for k, v in logits.items()
    }
    labels = {k: v.copy() for k, v in classes.items()}
    for c in (0, 1):
        own = np.sort(
            np.concatenate([confidence[k][classes[k] == c] for k in images])
        )
        limit = min(own[min(round((1 - share) * len(own)), len(own) - 1)], cap)
        for k in images:
            is_low = confidence[k] < limit - 1e-6
            labels[k][(classes[k] == c) & is_low] = 255
    return labels


@pytest.mark.parametrize('share, cap', [(0.5, 0.9), (0.5, 0.7), (0.2, 1.0)])
def test_labels_of_the_whole_set(images, stage, share, cap):
    content = make(stage(), share=share, cap=cap).run()
    expected = expected_labels(images, share, cap)
    for name in NAMES:
        np.testing.assert_array_equal(label_of(name), expected[name])
    counts = [sum((v == c).sum() for v in expected.values()) for c in range(3)]
    assert content['labelled_pixels'] == counts
    assert not Path('out/.unfinished').exists()
    *_, line = report(content)
    assert 'without a threshold: building' in line


@pytest.mark.parametrize('threshold', [0.0, 0.75])
def test_one_threshold_for_all_classes(images, stage, threshold):
    make(stage(), fixed=threshold).run()
    for name, image in images.items():
        logits = image.astype(np.float64)
        confidence = np.exp(logits).max(-1) / np.exp(logits).sum(-1)
        expected = np.where(confidence < threshold, 255, logits.argmax(-1))
        np.testing.assert_array_equal(label_of(name), expected)


@pytest.mark.parametrize('after', [1, 2])
@pytest.mark.parametrize('step', ['write', 'read'])
def test_killed_and_begun_again(images, stage, monkeypatch, step, after):
    files = stage()
    make(files, 'whole').run()
    started = make(files)
    called = []
    plain = getattr(started.store, step)

    def dies(*args):
        called.append(args)
        if len(called) > after:
            raise KeyboardInterrupt
        return plain(*args)

    monkeypatch.setattr(started.store, step, dies)
    with pytest.raises(KeyboardInterrupt):
        started.run()
    assert Path('out/.unfinished').exists()
    again = make(files)
    seen = []
    stream = again.predictor.stream
    monkeypatch.setattr(
        again.predictor,
        'stream',
        lambda paths: stream(seen.append(p) or p for p in paths),
    )
    again.run()
    assert len(seen) == (3 - after if step == 'write' else 0)
    assert files_in('out') == files_in('whole')
    # a label that is lost is made again, by the same thresholds
    Path(f'out/{NAMES[1]}_gtFine_labelTrainIds.png').unlink()
    make(files).run()
    assert files_in('out') == files_in('whole')


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob('*')
        if path.is_file()
    }


def test_processes_share_the_images(images, stage, monkeypatch):
    files = stage()
    make(files, 'whole').run()
    # one after the other, each up to where it waits for the others
    first, second = make(files), make(files)
    first._ranks = second._ranks = 2
    second._rank = 1
    first._claim()
    for part in (first, second):
        part._meet()
        part._predict()
    first._find_thresholds()
    for part in (first, second):
        part._meet()
        part._write_labels()
    first.record.note(labelled_pixels=first._count_labels())
    assert files_in('out') == files_in('whole')


def test_other_settings_and_files_of_a_user_are_not_replaced(images, stage):
    files = stage()
    make(files).run()
    with pytest.raises(FileExistsError, match=r'cap was 0.9 and is 0.8 now'):
        make(files, cap=0.8)
    own = Path('mine/ulm/x_gtFine_labelTrainIds.png')
    own.parent.mkdir(parents=True)
    own.write_bytes(b'drawn by hand')
    with pytest.raises(FileExistsError, match='mine has ulm/x_gtFine'):
        make(files, 'mine').run()
    assert own.read_bytes() == b'drawn by hand'
    Path('mine/pseudo_labels.json').write_text('{"kind": "notes"}')
    with pytest.raises(FileExistsError, match='is not of pseudo-labels'):
        make(files, 'mine')


def test_values_and_names_are_those_that_the_data_set_reads(images, stage):
    target = dict(
        type='RepeatDataset',
        times=3,
        dataset=target_config(
            img_suffix='_leftImg8bit.png',
            seg_map_suffix='.png',
            reduce_zero_label=True,
        ),
    )
    target['dataset']['type'] = 'BaseSegDataset'
    cfg = Config.fromfile(stage(target)[0])
    found = find_target(cfg, Path('out'), CLASSES)
    assert found.values.tolist() == [1, 2, 3]
    assert [i.name.as_posix() for i in found.images] == [
        f'{name}.png' for name in NAMES
    ]


def test_images_of_a_folder(images, stage):
    make(stage(), images='data/leftImg8bit/bonn', fixed=0).run()
    found = {p.name for p in Path('out').glob('*.png')}
    assert found == {'x_leftImg8bit.png', 'y_leftImg8bit.png'}


def test_trainings_without_a_target_are_refused(images, trained):
    predictor = Predictor(*trained(), num_workers=0)
    with pytest.raises(ValueError, match='no train_dataloader.*--images'):
        find_target(predictor.cfg, Path('out'), predictor.classes)


def test_targets_of_other_classes_are_refused(images, stage):
    predictor = Predictor(*stage(), num_workers=0)
    with pytest.raises(ValueError, match='has the classes road, sidewalk'):
        find_target(predictor.cfg, Path('out'), ('sky', 'road', 'car'))


def test_the_command(images, stage, capsys):
    config, checkpoint = stage()
    words = ['pseudo-labels', config, checkpoint, '--device', 'cpu']
    main([*words, '--out', 'out', '--pictures', 'seen'])
    text = capsys.readouterr().out
    assert 'never predicted' in text and '3 labels: out' in text
    record = json.loads(Path('out/pseudo_labels.json').read_text())
    assert record['settings']['share'] == 0.5
    assert cv2.imread(f'seen/{NAMES[0]}_gtFine_labelTrainIds.png').any()
    with pytest.raises(SystemExit, match='leave --share out'):
        main([*words, '--out', 'out', '--share', '0.5', '--threshold', '0'])


def test_few_target_images_and_the_others_on_demand(images, stage):
    key = 'train_dataloader.dataset.few_shot'
    files = stage(**{key: ['ulm/x']})
    predictor = Predictor(*files, num_workers=0, device='cpu')
    for all_images, expected in ((False, NAMES[2:]), (True, NAMES)):
        found = find_target(
            predictor.cfg,
            Path('out'),
            predictor.classes,
            all_images=all_images,
        )
        names = [image.name.as_posix() for image in found.images]
        assert names == [f'{n}_gtFine_labelTrainIds.png' for n in expected]


@DATASETS.register_module()
class PrefixedDataset(BaseSegDataset):
    """Knows its folders itself."""

    def __init__(self, **kwargs):
        prefix = dict(img_path='leftImg8bit', seg_map_path='gtFine')
        super().__init__(data_prefix=prefix, img_suffix='.png', **kwargs)


def test_data_sets_that_know_their_folders(images, stage):
    target = dict(type='PrefixedDataset', data_root='data')
    predictor = Predictor(*stage(target), num_workers=0)
    found = find_target(predictor.cfg, Path('out'), predictor.classes)
    names = [image.name.as_posix() for image in found.images]
    assert names == [f'{name}_leftImg8bit.png' for name in NAMES]


def test_folders_that_cannot_be_made_or_are_not_there(images, stage):
    files = stage()
    with pytest.raises(OSError, match='--out /proc/x cannot be made'):
        make(files, '/proc/x').run()
    words = '/proc: nothing can be written there .*with --out$'
    with pytest.raises(OSError, match=words):
        make(files, '/proc').run()
    with pytest.raises(NotADirectoryError, match='--images no is no folder'):
        make(files, images='no')
