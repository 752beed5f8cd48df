"""``test --temporal``: its numbers are those of the predictions it saves."""

import json

import cv2
import numpy as np
import pytest
from helpers.panned_clip import STEP, clip_set, write_clip
from helpers.random_weights import CLASSES, PALETTE, random_checkpoint
from mmengine.config import Config
from sklearn.metrics import jaccard_score

from mmseg_balance.optical_flow import write_flow

META = dict(classes=CLASSES, palette=PALETTE)


@pytest.fixture
def clip(tmp_path):
    """The clip, with the flow that it was panned by."""
    clip = write_clip(tmp_path / 'clip')
    flow = np.zeros((64, 96, 2), np.float32)
    flow[..., 0] = STEP
    for i in (11, 12, 13):
        write_flow(clip / f'flow/pan_{i:04d}.png', flow)
    return clip


@pytest.fixture
def config(clip, tiny_config):
    data = clip_set(clip)
    data.pop('previous')
    data |= dict(
        metainfo=META,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
    )
    data['data_prefix']['flow_path'] = 'flow'
    path = tiny_config()
    cfg = Config.fromfile(path)
    cfg.test_dataloader.dataset = cfg.val_dataloader.dataset = data
    cfg.test_dataloader.batch_size = 2
    cfg.dump(path)
    return path


def scores_in(folder):
    (file,) = [p for p in folder.glob('*/*.json') if p.stem == p.parent.name]
    return json.loads(file.read_text())


@pytest.mark.parametrize('kind', ['plain', 'teacher'])
def test_scores_are_those_of_the_saved_predictions(
    kind, config, clip, run_tool, tmp_path
):
    if kind == 'teacher':
        cfg = Config.fromfile(config)
        cfg.model = dict(
            type='DACS', segmentor=cfg.model, predict_with='teacher'
        )
        cfg.dump(config)
    weights = random_checkpoint(config, clip / 'img', tmp_path / 'w.pth')
    run_tool('test.py', config, weights, '--work-dir', tmp_path / 'plain')
    run_tool(
        *('test.py', config, weights, '--work-dir', tmp_path / 'pairs'),
        *('--temporal', '--out', tmp_path / 'out'),
    )
    plain, pairs = (scores_in(tmp_path / name) for name in ('plain', 'pairs'))
    # of all four images in both, though the first has none before it
    for key, value in plain.items():
        if key not in ('time', 'data_time', 'origin'):
            assert pairs[key] == value, key

    saved = [
        cv2.imread(str(tmp_path / f'out/pan_{i:04d}.png'), -1)
        for i in range(10, 14)
    ]
    now = np.stack([label[:, :-STEP] for label in saved[1:]]).ravel()
    before = np.stack([label[:, STEP:] for label in saved[:-1]]).ravel()
    there = sorted({*now.tolist(), *before.tolist()})
    expected = 100 * jaccard_score(before, now, labels=there, average=None)
    assert len(there) > 1 and 0 < expected.mean() < 100
    assert pairs['mTC'] == pytest.approx(expected.mean())
    assert pairs['TC_std'] == pytest.approx(expected.std())
    assert pairs['TC_pixels'] == pytest.approx(100 * (96 - STEP) / 96)
    for c, value in zip(there, expected, strict=True):
        assert pairs[f'TC.{CLASSES[c]}'] == pytest.approx(value)


@pytest.mark.parametrize(('options', 'message'), [
    (['--temporal', '0'], 'Expected --temporal to be .* but got 0'),
    (['--temporal', '--tta'], 'and --tta averages over several'),
    (['--temporal', '5'], 'no image with a frame before it.*previous=5'),
])  # fmt: skip
def test_bad_options_are_named(
    options, message, config, clip, run_tool, tmp_path
):
    weights = random_checkpoint(config, clip / 'img', tmp_path / 'w.pth')
    with pytest.raises(SystemExit, match=message):
        run_tool('test.py', config, weights, *options)


def test_a_transform_of_the_image_alone_is_refused(
    config, clip, run_tool, tmp_path
):
    weights = random_checkpoint(config, clip / 'img', tmp_path / 'w.pth')
    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.pipeline.insert(1, dict(type='CLAHE'))
    cfg.dump(config)
    message = 'test_dataloader.dataset.pipeline makes another .*CLAHE'
    with pytest.raises(SystemExit, match=message):
        run_tool('test.py', config, weights, '--temporal')


def test_validation_scores_pairs_and_keeps_the_best(
    config, run_tool, tmp_path
):
    cfg = Config.fromfile(config)
    cfg.val_dataloader.dataset.previous = 1
    cfg.val_dataloader.dataset.data_prefix.pop('flow_path')  # by DIS
    cfg.val_evaluator = [
        cfg.val_evaluator, dict(type='TemporalConsistencyMetric')
    ]  # fmt: skip
    cfg.default_hooks.checkpoint.save_best = 'mTC'
    cfg.train_cfg.update(max_iters=2, val_interval=2)
    cfg.dump(config)
    run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    assert (tmp_path / 'run/best_mTC_iter_2.pth').is_file()
