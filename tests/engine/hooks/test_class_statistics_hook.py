"""Class counts of the source set, on their way into the losses."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.class_statistics.files import (
    count_label_files,
    write_class_stats,
)
from mmseg_balance.engine.hooks import ClassStatisticsHook

PALETTE = [[0, 0, 0], [90, 0, 0], [0, 90, 0]]


def write_images(folder, number=3, absent=None):
    """Images with labels of three classes, and their statistics."""
    rng = np.random.default_rng(0)
    for kind in ('images', 'labels'):
        (folder / kind).mkdir(parents=True)
    for i in range(number):
        label = rng.integers(0, 3, (8, 9)).astype(np.uint8)
        label[label == absent] = 0
        label[:, 0] = 255
        if i == 0:
            label[label == 2] = 1
        cv2.imwrite(str(folder / f'labels/{i}.png'), label)
        image = rng.integers(0, 255, (8, 9, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f'images/{i}.png'), image)
    return folder


def write_stats(folder, out=None):
    files = sorted((folder / 'labels').glob('*.png'))
    counts = count_label_files(files, 3)
    out = out or folder
    out.mkdir(exist_ok=True)
    write_class_stats(out, [f'labels/{f.name}' for f in files], counts)
    return counts


def source_set(folder):
    return dict(
        type='BaseSegDataset',
        metainfo=dict(classes=('a', 'b', 'c'), palette=PALETTE),
        data_root=str(folder),
        img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
    )


def runner_of(model, dataset):
    loader = SimpleNamespace(dataset=dataset)
    return SimpleNamespace(model=model, train_dataloader=loader)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def losses(*configs):
    return nn.ModuleList(
        MODELS.build(dict(num_classes=3, **c)) for c in configs
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_images(tmp_path / 'source')


@pytest.mark.parametrize('alone', [False, True])
def test_counts_of_the_source_set(folder, alone):
    counts = write_stats(folder)
    dataset = UDADataset(source_set(folder))
    if alone:
        dataset = dataset.source
    model = losses(
        dict(type='InverseFrequencyLoss', unit='pixels'),
        dict(type='ClassBalancedLoss', beta=0.9),
        dict(type='LogitAdjustmentLoss', counts=[1, 2, 3]),
        dict(type='SeesawLoss'),
    )
    ClassStatisticsHook().before_train(runner_of(model, dataset))
    pixels = torch.from_numpy(counts.sum(0)).double()
    images = torch.from_numpy((counts > 0).sum(0)).double()
    assert images.tolist() == [3, 3, 2]
    for loss in model[:2]:
        assert torch.equal(loss.counts.pixels, pixels)
        assert torch.equal(loss.counts.images, images)
    assert model[2].counts.pixels.tolist() == [1, 2, 3]
    assert model[3].counts.pixels.tolist() == [0, 0, 0]
    assert model.train()[1](torch.randn(1, 3, 4), torch.ones(1, 4)).isfinite()


def test_labels_that_are_left_out_do_not_stop_it(folder):
    counts = write_stats(folder)
    (folder / 'labels/1.png').write_bytes(b'no label')
    dataset = UDADataset(source_set(folder), on_bad_image='skip')
    model = losses(dict(type='InverseFrequencyLoss', unit='pixels'))
    ClassStatisticsHook().before_train(runner_of(model, dataset))
    assert model[0].counts.pixels.tolist() == counts.sum(0).tolist()


def test_online_counts_are_taken_over_after_each_iteration(folder):
    model = losses(dict(type='SeesawLoss')).train()
    hook = ClassStatisticsHook()
    runner = runner_of(model, None)
    hook.before_train(runner)
    labels = torch.tensor([[0, 0, 2, 255]])
    for step in range(2):
        model[0](torch.randn(1, 3, 4, requires_grad=True), labels)
        hook.after_train_iter(runner, step)
    assert model[0].counts.pixels.tolist() == [4, 0, 2]


def test_statistics_of_the_sampling_are_used(folder, tmp_path):
    counts = write_stats(folder, tmp_path / 'stats')
    dataset = UDADataset(
        source_set(folder),
        rare_class_sampling=dict(
            min_pixels=1, stats_dir=str(tmp_path / 'stats')
        ),
    )
    model = losses(dict(type='LogitAdjustmentLoss'))
    ClassStatisticsHook().before_train(runner_of(model, dataset))
    assert model[0].counts.pixels.tolist() == counts.sum(0).tolist()


def test_no_statistics(folder):
    model = losses(dict(type='LogitAdjustmentLoss'))
    runner = runner_of(model, UDADataset(source_set(folder)))
    with pytest.raises(
        FileNotFoundError,
        match='(?s)ClassStatisticsHook needs.*data class-stats',
    ):
        ClassStatisticsHook().before_train(runner)


def test_statistics_of_another_data_set(folder, tmp_path):
    other = write_images(tmp_path / 'other', number=2)
    write_stats(other)
    model = losses(dict(type='LogitAdjustmentLoss'))
    runner = runner_of(model, UDADataset(source_set(folder)))
    with pytest.raises(
        ValueError,
        match='not of the source data set.*ClassStatisticsHook.stats_dir',
    ):
        ClassStatisticsHook(str(other)).before_train(runner)


def test_a_class_without_pixels(tmp_path):
    folder = write_images(tmp_path / 'source', absent=1)
    # class 0 and 1 have pixels where the first label was changed
    for file in (folder / 'labels').glob('0.png'):
        file.unlink()
        (folder / 'images/0.png').unlink()
    write_stats(folder)
    dataset = UDADataset(source_set(folder))
    model = losses(dict(type='InverseFrequencyLoss'))
    with pytest.raises(ValueError, match=r'classes \[1\].*allow_absent=True'):
        ClassStatisticsHook().before_train(runner_of(model, dataset))
    model = losses(dict(type='InverseFrequencyLoss', allow_absent=True))
    ClassStatisticsHook().before_train(runner_of(model, dataset))
    assert model[0].class_weights()[1] == 1


def test_a_beta_that_says_nothing_for_this_set(folder):
    write_stats(folder)
    model = losses(dict(type='ClassBalancedLoss', beta=0.1, unit='pixels'))
    runner = runner_of(model, UDADataset(source_set(folder)))
    with pytest.raises(ValueError, match='all class weights are 1'):
        ClassStatisticsHook().before_train(runner)


def test_no_loss_with_statistics(folder):
    with pytest.raises(ValueError, match="remove dict.type='ClassStat"):
        ClassStatisticsHook().before_train(runner_of(nn.Linear(1, 1), None))


@pytest.mark.parametrize('resume', [False, True])
def test_what_another_training_counted_is_forgotten(folder, resume):
    write_stats(folder)
    model = losses(
        dict(type='SeesawLoss'),
        dict(type='LBWLoss'),
        dict(type='LogitAdjustmentLoss', counts=[1, 2, 3]),
        dict(type='LogitAdjustmentLoss'),
    ).train()
    hook = ClassStatisticsHook()
    runner = runner_of(model, UDADataset(source_set(folder)))
    hook.before_train(runner)
    labels = torch.tensor([[0, 0, 2, 255]])
    for loss in model:
        loss(torch.randn(1, 3, 4, requires_grad=True), labels)
    hook.after_train_iter(runner, 0)
    state = model.state_dict()
    assert set(state) == {
        *('0.counts.pixels', '0.counts.images', '1.mean', '1.share')
    }
    model.load_state_dict(state)
    runner._load_from, runner._resume = 'a.pth', resume
    ClassStatisticsHook().before_train(runner)
    assert bool(model[0].counts.pixels.sum()) == resume
    assert bool(model[1].share.sum()) == resume
    assert model[2].counts.pixels.tolist() == [1, 2, 3]
    assert model[3].counts.pixels.sum() > 10
