"""The tool on tiny data: what it counts, and interruptions at any place."""

import os
import signal

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS

from mmseg_balance.inference.passes import statistics_pass
from mmseg_balance.inference.passes.labelled_logits import predict_logits
from mmseg_balance.inference.post_hoc import check_origin
from mmseg_balance.logits.statistics.file import load_statistics
from mmseg_balance.runs.records import code
from mmseg_balance.runs.reproduction.earlier_run import (
    run_config,
    stale_statistics,
)

TOOL = 'analysis_tools/fit_logit_statistics.py'
CLASSES = ['sky', 'road', 'car']


@pytest.fixture
def trained(tiny_config, street_data, tmp_path):
    """Config of a training from train to val images, and its checkpoint."""

    def make(**changes):
        path = tiny_config()
        cfg = Config.fromfile(path)
        data = cfg.train_dataloader.dataset
        load, label, pack = data.pipeline
        crop = dict(type='RandomCrop', crop_size=(16, 16))
        data.pipeline = [load, label, crop, pack]
        target = dict(data, data_prefix=dict(img_path='img/val'))
        target['pipeline'] = [load, crop, pack]
        cfg.train_dataloader.dataset = dict(
            type='UDADataset', source=data, target=target
        )
        cfg.model = dict(type='DACS', segmentor=cfg.model)
        cfg.merge_from_dict(changes)
        cfg.dump(path)
        init_default_scope('mmseg')
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        model.init_weights()
        meta = dict(dataset_meta=dict(classes=tuple(CLASSES)))
        checkpoint = tmp_path / 'iter_6.pth'
        torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
        return path, checkpoint, model.eval()

    return make


@pytest.fixture
def fit(run_tool, tmp_path):
    """Run the tool; returns the file that it writes."""

    def run(config, checkpoint, *args, out='a.pth'):
        path = tmp_path / 'out' / out
        run_tool(
            TOOL, config, checkpoint, '--out', path, '--device', 'cpu', *args
        )
        return path

    return run


def interrupt_after(number, monkeypatch):
    """Ctrl-C while image ``number`` of the command is taken in."""
    seen = 0

    def images(*args, **kwargs):
        nonlocal seen
        for image in predict_logits(*args, **kwargs):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGINT)
            yield image

    monkeypatch.setattr(statistics_pass, 'predict_logits', images)


def label_counts(street_data):
    labels = [
        cv2.imread(str(f), 0) for f in (street_data / 'ann/train').iterdir()
    ]
    return np.bincount(np.stack(labels).ravel(), minlength=256)[:3].tolist()


@pytest.fixture
def plain(tiny_config, tmp_path):
    """Config of a supervised training; weights of a student for it."""

    def make(checkpoint, **changes):
        weights = torch.load(checkpoint)
        weights['state_dict'] = {
            k.removeprefix('student.'): v
            for k, v in weights['state_dict'].items()
            if k.startswith('student.')
        }
        torch.save(weights, tmp_path / 'plain.pth')
        return tiny_config(**changes), tmp_path / 'plain.pth'

    return make


def same_bank(first, second):
    return all(
        torch.equal(a, b)
        for a, b in zip(first.buffers(), second.buffers(), strict=True)
    )


def test_supervised_trainings(
    trained, plain, fit, run_tool, street_data, tmp_path, capsys
):
    """Labelled data is the source, and any folder may be the target."""
    config, checkpoint, _ = trained()
    both, _ = load_statistics(fit(config, checkpoint), 3)
    config, checkpoint = plain(checkpoint)
    alone, meta = load_statistics(fit(config, checkpoint, out='b.pth'), 3)
    output = capsys.readouterr()
    assert 'balance with --domain source, or fit again' in output.out
    assert ' passed, ' not in output.out and '\r' not in output.err
    for phase in ('collect source: 6/6', 'fit anchors: 100/100', 'fit source'):
        assert phase in output.err
    assert same_bank(alone.source, both.source)
    assert not alone.target.num_updates.any()
    assert meta['images'] == dict(source=6)

    folder = ['--target-images', street_data / 'img/val']
    path = fit(config, checkpoint, *folder, out='c.pth')
    filled, meta = load_statistics(path, 3)
    assert same_bank(filled.source, both.source)
    assert same_bank(filled.target, both.target)
    assert meta['images'] == dict(source=6, target=5)

    # what repeats a data set does not count its pixels again
    cfg = Config.fromfile(config)
    data = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='RepeatDataset', times=4, dataset=data
    )
    cfg.dump(config)
    _, meta = load_statistics(fit(config, checkpoint, out='d.pth'), 3)
    assert meta['images'] == dict(source=6)

    # a UDADataset without target is no other case
    cfg.train_dataloader.dataset = dict(type='UDADataset', source=data)
    cfg.dump(config)
    path = fit(config, checkpoint, out='e.pth')
    assert same_bank(load_statistics(path, 3)[0].source, both.source)

    # and what there is says how it is used
    with pytest.raises(SystemExit, match=r"'source' \(--domain source\), or"):
        run_tool('test.py', config, checkpoint, '--post-hoc', path)
    post_hoc = ['--post-hoc', path, '--domain', 'source']
    folder = ['--work-dir', tmp_path / 'test']
    run_tool('test.py', config, checkpoint, *post_hoc, *folder)
    with pytest.raises(SystemExit, match='name a folder .* --target-images'):
        fit(config, checkpoint, '--anchor', 'target', out='f.pth')


def test_target_images_of_every_suffix(
    trained, plain, fit, street_data, tmp_path
):
    _, checkpoint, _ = trained()
    config, checkpoint = plain(checkpoint)
    folder = tmp_path / 'photos'
    (folder / 'night').mkdir(parents=True)
    for i, name in enumerate(('a.JPG', 'night/b.jpeg', 'c.png', 'notes.txt')):
        image = cv2.imread(str(street_data / f'img/val/{i}.png'))
        data = cv2.imencode('.jpg', image)[1].tobytes()
        (folder / name).write_bytes(data)
    path = fit(config, checkpoint, '--target-images', folder)
    _, meta = load_statistics(path, 3)
    assert meta['images']['target'] == 3
    (tmp_path / 'empty').mkdir()
    with pytest.raises(SystemExit, match='the folder .*empty is empty'):
        fit(config, checkpoint, '--target-images', tmp_path / 'empty', out='b')


def test_counts_and_samples(trained, fit, street_data, capsys):
    config, checkpoint, model = trained()
    path = fit(config, checkpoint)
    statistics, meta = load_statistics(path, 3)
    assert meta['classes'] == CLASSES
    assert meta['part'] == 'student' and meta['threshold'] == 0
    assert meta['images'] == dict(source=6, target=5)
    # whole images, each label counted once
    assert meta['pixels']['source'] == label_counts(street_data)

    # pseudo-labels of whole target images, by a loop of our own
    cfg = Config.fromfile(config)
    counts, logits = torch.zeros(3).long(), []
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    for sample in dataset:
        batch = {k: [v] for k, v in sample.items()}
        with torch.no_grad():
            (found,) = model.test_step(batch)
        logits.append(found.seg_logits.data.flatten(1))
        counts += logits[-1].argmax(0).bincount(minlength=3)
    assert meta['pixels']['target'] == counts.tolist()

    # and all of these pixels are in the fit: means agree
    logits = torch.cat(logits, 1)
    label = logits.argmax(0)
    for c in (counts >= 100).nonzero().flatten().tolist():
        bank = statistics.target
        mean = (bank.weights[c] * bank.means[c]).sum(-1)
        torch.testing.assert_close(
            mean, logits[:, label == c].mean(1), rtol=0, atol=1e-3
        )
    left = [n for n, k in zip(CLASSES, counts) if k < 100]
    output = capsys.readouterr().out
    if left:
        assert f'fewer than 100 pixels: {", ".join(left)};' in output
    for name, count in zip(CLASSES, counts.tolist()):
        assert any(
            line.split()[0] == name and line.split()[3] == str(count)
            for line in output.splitlines()
            if len(line.split()) == 5
        )
    assert f'wrote {path}' in output
    assert [p.name for p in path.parent.iterdir()] == ['a.pth']


# in the source, in the target; often, with one at the end of the source
@pytest.mark.parametrize('places', [(2,), (8,), (1, 1, 4, 2)])
def test_interruptions_change_nothing(
    trained, fit, monkeypatch, capsys, places
):
    config, checkpoint, _ = trained()
    expected = fit(config, checkpoint, out='whole.pth').read_bytes()
    for number in places:
        with monkeypatch.context() as patch:
            interrupt_after(number, patch)
            with pytest.raises(SystemExit) as error:
                fit(config, checkpoint)
            assert error.value.code == 130
        assert 'the same command goes on' in capsys.readouterr().err
    path = fit(config, checkpoint)
    assert 'going on from' in capsys.readouterr().out
    assert path.read_bytes() == expected
    assert not list(path.parent.glob('*.partial'))


def test_interrupted_fit_goes_on(trained, fit, monkeypatch, capfd):
    from mmseg_balance.logits.statistics import offline

    config, checkpoint, _ = trained()
    expected = fit(config, checkpoint, out='whole.pth').read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(offline, '_fit', interrupted)
        with pytest.raises(SystemExit):
            fit(config, checkpoint)
    # no image is looked at again, and other code is said
    monkeypatch.setattr(statistics_pass, 'predict_logits', None)
    monkeypatch.setattr(code.torch, '__version__', '0.0')
    assert fit(config, checkpoint).read_bytes() == expected
    told = capfd.readouterr().err
    assert 'a.pth.partial: torch was ' in told and ', is 0.0' in told


def test_state_is_written_every_minute(trained, fit, monkeypatch):
    """So that a process that is killed loses no more than that."""
    config, checkpoint, _ = trained()
    seen = []

    def killed(*args, **kwargs):
        for image in predict_logits(*args, **kwargs):
            if len(seen) == 3:
                raise RuntimeError('killed')
            seen.append(image.index)
            yield image

    with monkeypatch.context() as patch:
        patch.setattr(statistics_pass, 'predict_logits', killed)
        patch.setattr(statistics_pass, 'SAVE_SECONDS', -1)
        with pytest.raises(RuntimeError, match='killed'):
            fit(config, checkpoint)

    def starts(model, dataset, start, num_workers):
        seen.append(start)
        return predict_logits(model, dataset, start, num_workers)

    monkeypatch.setattr(statistics_pass, 'predict_logits', starts)
    fit(config, checkpoint)
    assert seen == [0, 1, 2, 3, 0]


def test_other_settings_are_refused_by_name(trained, fit, monkeypatch):
    config, checkpoint, model = trained()
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        with pytest.raises(SystemExit):
            fit(config, checkpoint)
    partial = checkpoint.parent / 'out' / 'a.pth.partial'
    begun = partial.read_bytes()
    for arguments, problem in (
        (['--threshold', 0.5], r'another threshold \(0.0 then, 0.5 now\)'),
        (['--max-images', 3], r'another max_images \(None then, 3 now\)'),
        (['--part', 'teacher'], r'part \(student then, teacher now\)'),
        (
            ['--cfg-options', 'model.pseudo_threshold=0.5'],
            r'another model \(model.pseudo_threshold was \(not set\), is 0.5',
        ),
        (
            [
                '--cfg-options',
                'train_dataloader.dataset.target.data_prefix.img_path='
                'img/train',
            ],
            r'another target data set \(5 images \w+ then, 6 images \w+ now',
        ),
    ):
        with pytest.raises(SystemExit, match=problem) as error:
            fit(config, checkpoint, *arguments)
        assert f'delete {partial}' in str(error.value)
    weights = torch.load(checkpoint)
    weights['state_dict']['student.decode_head.conv_seg.bias'] += 1
    torch.save(weights, checkpoint)
    with pytest.raises(SystemExit, match='with another checkpoint:'):
        fit(config, checkpoint)
    assert partial.read_bytes() == begun

    partial.write_bytes(begun[:100])
    with pytest.raises(SystemExit, match='no complete file.*delete'):
        fit(config, checkpoint)


def test_threshold_part_and_number_of_images(trained, fit, monkeypatch):
    config, checkpoint, _ = trained()
    seen = []

    def note(model, dataset, start, num_workers):
        seen.append((model.predict_with, len(dataset)))
        return predict_logits(model, dataset, start, num_workers)

    monkeypatch.setattr(statistics_pass, 'predict_logits', note)
    _, whole = load_statistics(fit(config, checkpoint))
    _, part = load_statistics(
        fit(
            config,
            checkpoint,
            *('--threshold', 1.0, '--part', 'teacher', '--max-images', 3),
            *('--anchor', 'road', '--num-components', 2),
            out='b.pth',
        )
    )
    assert seen == [
        *(('student', 6), ('student', 5)),
        *(('teacher', 3), ('teacher', 3)),
    ]
    assert part['images'] == dict(source=3, target=3)
    assert part['part'] == 'teacher' and part['threshold'] == 1
    sizes = [sum(m['pixels']['target']) for m in (whole, part)]
    assert sizes == [5 * 40 * 48, 0]  # no pixel is that confident
    statistics, _ = load_statistics(checkpoint.parent / 'out' / 'b.pth')
    assert statistics.anchor == 1
    assert statistics.source.num_components == 2
    assert (statistics.target.num_updates == 0).all()


@pytest.mark.parametrize('threshold', [0.0, 0.5, 0.9])
def test_pseudo_labels_of_confident_pixels(threshold):
    logits = 3 * torch.randn(4, 6, 7)
    labels = statistics_pass.confident_labels(logits, threshold)
    confidence, expected = logits.double().softmax(0).max(0)
    expected[confidence < threshold] = 255
    assert torch.equal(labels, expected)
    assert threshold == 0 or 0 < (labels == 255).sum() < labels.numel()


def test_a_file_is_not_replaced_unasked(trained, fit, tmp_path):
    config, checkpoint, _ = trained()
    path = tmp_path / 'out' / 'a.pth'
    path.parent.mkdir()
    path.write_text('mine')
    with pytest.raises(SystemExit, match='a.pth exists.*--overwrite'):
        fit(config, checkpoint)
    assert path.read_text() == 'mine'
    fit(config, checkpoint, '--overwrite')
    load_statistics(path)

    # and reproduce.py takes it for a run of these settings alone
    assert stale_statistics(path, checkpoint, run_config(str(config))) == []
    for option, line in (
        ('model.alpha=0.5', 'model (model.alpha was (not set), is 0.5)'),
        (
            'train_dataloader.dataset.source.data_prefix.img_path=img/val',
            'source data set (6 images',
        ),
    ):
        # labels of the same folder
        label = option.replace('img_path=img', 'seg_map_path=ann')
        cfg = run_config(str(config), options=[option, label])
        (found,) = stale_statistics(path, checkpoint, cfg)
        assert found.startswith(line)
    weights = torch.load(checkpoint)
    torch.save(weights | dict(other=1), checkpoint)
    cfg = run_config(str(config))
    assert stale_statistics(path, checkpoint, cfg) == ['checkpoint']
    path.write_bytes(b'')
    (broken,) = stale_statistics(path, checkpoint, cfg)
    assert str(path) in broken


def test_origin_is_known_in_other_folders(trained, fit, tmp_path, monkeypatch):
    """No false warning where a relative path means another file."""
    config, checkpoint, _ = trained()
    monkeypatch.chdir(checkpoint.parent)
    path = fit(config, checkpoint.name)
    _, meta = load_statistics(path)
    assert meta['checkpoint'] == str(checkpoint.resolve())
    (tmp_path / 'elsewhere').mkdir()
    monkeypatch.chdir(tmp_path / 'elsewhere')
    origin = meta, str(path), f'../{checkpoint.name}', 'student', CLASSES
    assert check_origin(*origin) == []


def test_class_without_pixels_as_anchor(trained, fit):
    """Named as the user did, and with its number; the pass is kept."""
    metainfo = dict(classes=[*CLASSES, 'fence'], palette=[[0] * 3] * 4)
    changes = {
        f'{key}.metainfo': metainfo
        for key in (
            'train_dataloader.dataset.source',
            'train_dataloader.dataset.target',
            'test_dataloader.dataset',
        )
    }
    config, checkpoint, _ = trained(
        **changes, **{'model.segmentor.decode_head.num_classes': 4}
    )
    weights = torch.load(checkpoint)
    del weights['meta']['dataset_meta']
    torch.save(weights, checkpoint)
    with pytest.raises(SystemExit) as error:
        fit(config, checkpoint, '--anchor', 'fence')
    message = str(error.value)
    assert '--anchor fence (class 3) has 0 labelled pixels' in message
    assert 'anchor=' not in message and len(message.splitlines()) == 1
    out = checkpoint.parent / 'out'
    assert [p.name for p in out.iterdir()] == ['a.pth.partial']
    fit(config, checkpoint, '--anchor', 'road')


def test_logits_that_are_not_finite(trained, fit, monkeypatch):
    """One line, no file, and the pass is not lost."""
    config, checkpoint, _ = trained()
    weights = torch.load(checkpoint)
    weights['state_dict']['student.decode_head.conv_seg.bias'].fill_(
        float('nan')
    )
    torch.save(weights, checkpoint)
    with pytest.raises(SystemExit) as error:
        fit(config, checkpoint)
    message = str(error.value)
    assert message.startswith('error: ') and len(message.splitlines()) == 1
    assert 'NaN' in message and 'traceback' not in message
    out = checkpoint.parent / 'out'
    assert [p.name for p in out.iterdir()] == ['a.pth.partial']


def test_model_that_is_balanced_already(trained, fit, tmp_path):
    """Its scores would be fitted as if they were logits."""
    config, checkpoint, _ = trained()
    cfg = Config.fromfile(config)
    cfg.model = dict(
        type='PostHocSegmentor',
        segmentor=cfg.model,
        statistics=str(fit(config, checkpoint)),
    )
    balanced = tmp_path / 'balanced.py'
    cfg.dump(balanced)
    for options in ([], ['--part', 'teacher']):
        with pytest.raises(SystemExit, match='balanced.py is a PostHoc.*give'):
            fit(balanced, checkpoint, *options, out='b.pth')
    assert [p.name for p in (tmp_path / 'out').iterdir()] == ['a.pth']


def test_work_dirs_is_the_default(trained, run_tool, tmp_path, monkeypatch):
    config, checkpoint, _ = trained()
    monkeypatch.chdir(tmp_path)
    run_tool(TOOL, config, checkpoint, '--device', 'cpu')
    load_statistics(f'work_dirs/{config.stem}/logit_statistics.pth')


def test_mistakes(trained, fit, tiny_config, tmp_path):
    config, checkpoint, _ = trained()
    for arguments, problem in (
        (['--threshold', 1.5], 'threshold to be in .* but got 1.5'),
        (['--max-images', 0], 'max-images to be at least 1, but got 0'),
        (['--anchor', 'bus'], "one of sky, road, car, but got 'bus'"),
    ):
        with pytest.raises(SystemExit, match=problem):
            fit(config, checkpoint, *arguments)
    with pytest.raises(SystemExit, match='no checkpoint file'):
        fit(config, tmp_path / 'no.pth')
    with pytest.raises(SystemExit, match='no config file'):
        fit(tmp_path / 'no.py', checkpoint)

    with pytest.raises(SystemExit, match='iter_6.pth is no folder that can'):
        fit(config, checkpoint, out='../iter_6.pth/a.pth')

    with pytest.raises(SystemExit, match='--target-images /no/such is no fol'):
        fit(config, checkpoint, '--target-images', '/no/such')
    missing = 'train_dataloader.dataset.source.data_root=/no/such/folder'
    with pytest.raises(SystemExit, match='/no/such/folder'):
        fit(config, checkpoint, '--cfg-options', missing)
    weights = torch.load(checkpoint)
    weights['meta']['dataset_meta']['classes'] = ('a', 'b', 'c')
    torch.save(weights, checkpoint)
    with pytest.raises(SystemExit, match="class 0 is 'a' in training"):
        fit(config, checkpoint)
    assert not (tmp_path / 'out').exists() or not [
        p for p in (tmp_path / 'out').iterdir() if p.suffix == '.pth'
    ]
