from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers.recorded_runs import RecordedIndices, config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from mmseg_balance.datasets import ResumableInfiniteSampler
from mmseg_balance.engine.loops import ResumableIterBasedTrainLoop
from mmseg_balance.models.data_checks import (
    check_class_order,
    check_classifies,
    check_num_classes,
    check_things,
)


@pytest.fixture(autouse=True)
def _clean():
    RecordedIndices.reads.clear()
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def train(*args, **kwargs):
    runner = Runner.from_cfg(config(*args, **kwargs))
    runner.train()
    return runner.model.batches


@pytest.mark.parametrize('num_workers', [0, 2])
def test_resumed_run_sees_what_the_whole_run_saw(tmp_path, num_workers):
    whole = train(tmp_path / 'whole', num_workers=num_workers)
    assert len(whole) == 8
    train(tmp_path / 'cut', max_iters=5)
    RecordedIndices.reads.clear()
    rest = train(tmp_path / 'cut', num_workers=num_workers, resume=True)
    assert rest == whole[5:]
    if num_workers == 0:
        # nothing that was seen before is read again
        assert len(RecordedIndices.reads) == 3 * 3


@pytest.mark.parametrize(
    'ask',
    [
        lambda loop: [next(loop.dataloader_iterator) for _ in range(5)],
        # onedl-mmengine, and where its loop is told to read on
        lambda loop: loop.dataloader_iterator.skip_iter(5),
        None,
    ],
)
def test_however_the_past_is_asked_for(tmp_path, monkeypatch, ask):
    train(tmp_path / 'whole')
    expected = RecordedIndices.reads[5 * 3 : 6 * 3]
    RecordedIndices.reads.clear()
    loop = Runner.from_cfg(config(tmp_path / 'cut')).train_loop
    loop._iter = 5
    loop.fast_forward_on_resume = ask is None

    def run(loop):
        if ask is not None:
            ask(loop)
        return next(loop.dataloader_iterator)

    monkeypatch.setattr(IterBasedTrainLoop, 'run', run)
    assert loop.run() is not None
    assert RecordedIndices.reads == expected


def test_resumed_run_takes_the_seed_of_the_checkpoint(tmp_path):
    whole = train(tmp_path / 'whole')
    train(tmp_path / 'cut', max_iters=5)
    rest = train(tmp_path / 'cut', resume=True, seed=77)
    assert rest == whole[5:]


def test_seed_of_the_config_stays(tmp_path):
    sampler = dict(type='ResumableInfiniteSampler', seed=1)
    whole = train(tmp_path / 'a', sampler=sampler)
    other = train(tmp_path / 'b', sampler=sampler, seed=4)
    assert [b[:2] for b in whole] == [b[:2] for b in other]
    assert train(tmp_path / 'c', seed=4)[0][:2] != other[0][:2]


def test_seeds_that_differ_by_rank_still_share_the_draws(tmp_path):
    differ = dict(diff_rank_seed=True)
    assert train(tmp_path / 'a', randomness=differ) == train(tmp_path / 'b')


def test_building_the_loop_starts_no_iterator(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(DataLoader, '__iter__', started.append)
    runner = Runner.from_cfg(config(tmp_path, num_workers=2))
    loop = runner.train_loop
    assert isinstance(loop, ResumableIterBasedTrainLoop)
    assert isinstance(loop.dataloader, DataLoader)
    assert not started
    assert runner.train_dataloader is loop.dataloader


def test_another_sampler_behaves_as_in_mmengine(tmp_path):
    def run(name, loop):
        cfg = config(tmp_path / name, sampler=dict(type='InfiniteSampler'))
        cfg['train_cfg']['type'] = loop
        runner = Runner.from_cfg(cfg)
        runner.train()
        return runner.model.batches

    ours = run('ours', 'ResumableIterBasedTrainLoop')
    assert ours == run('theirs', 'mmengine.IterBasedTrainLoop')
    assert ours[0][1] == [None] * 3


@pytest.mark.parametrize('wrapped', [False, True])
def test_model_with_another_number_of_classes(tmp_path, wrapped):
    cfg = config(tmp_path, model=dict(num_classes=19))
    runner = Runner.from_cfg(cfg)
    if wrapped:
        runner.model = nn.DataParallel(runner.model)
    with pytest.raises(
        ValueError, match=r'model.num_classes is 19, but .* 2 classes \(a, b'
    ):
        runner.train()
    assert RecordedIndices.reads == []


def test_number_of_classes_of_decode_heads():
    dataset = RecordedIndices()
    head, wrong = nn.Identity(), nn.Identity()
    head.num_classes, wrong.num_classes = 2, 3
    model = nn.Module()
    check_num_classes(model, dataset)
    model.decode_head = head
    check_num_classes(model, dataset)
    model.decode_head = nn.ModuleList([wrong, head])
    check_num_classes(model, dataset)
    model.decode_head = wrong
    with pytest.raises(ValueError, match='model.decode_head.num_classes is 3'):
        check_num_classes(model, dataset)
    check_num_classes(model, object())


def test_labels_of_another_kind():
    model = nn.Module()
    maps, images = (
        SimpleNamespace(metainfo=dict(classes=('a', 'b'), labels_images=kind))
        for kind in (False, True)
    )
    check_classifies(model, images)  # a model that predicts no labels
    model.decode_head = nn.Identity()
    check_classifies(model, maps)
    with pytest.raises(ValueError, match='labels pixels.*ImageClassifier'):
        check_classifies(model, images)
    model.labels_images = True
    check_classifies(model, images)
    with pytest.raises(ValueError, match='val_dataloader.*are maps'):
        check_classifies(model, maps, 'val_dataloader')


def test_things_of_another_data_set():
    model, student = nn.Module(), nn.Module()
    names = dict(classes=('a', 'b', 'c'), thing_classes=['c', 'b'])
    dataset = SimpleNamespace(metainfo=names)
    check_things(model, dataset)
    model.student = student
    student.instance_head, student.things = nn.Identity(), [1, 2]
    check_things(model, dataset)
    check_things(model, object())
    student.things = (2,)
    with pytest.raises(ValueError, match=r'are \[2\], .* \[1, 2\] \(b, c\)'):
        check_things(model, dataset)


def test_target_set_missing_and_smaller_than_a_batch(tmp_path):
    root = tmp_path / 'data'
    for folder in ('images', 'labels'):
        (root / folder).mkdir(parents=True)
        for i in range(4):
            image = np.ones((4, 4), np.uint8)
            cv2.imwrite(str(root / folder / f'{i}.png'), image)
    child = dict(
        type='BaseSegDataset',
        data_root=str(root),
        img_suffix='.png',
        metainfo=dict(classes=('a', 'b')),
        serialize_data=False,
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
    )
    cfg = config(tmp_path / 'work')
    cfg['train_dataloader']['dataset'] = dict(
        type='UDADataset', source=child, target=dict(child, indices=2)
    )
    runner = Runner.from_cfg(cfg)
    loop = runner.build_train_loop(runner._train_loop)
    assert len(loop.dataloader.dataset.target) == 2
    batch = next(iter(loop.dataloader))
    # drawn with replacement
    assert len(batch['target']['inputs']) == loop.dataloader.batch_size > 2

    runner._train_dataloader['dataset']['target'] = None
    loop = runner.build_train_loop(runner._train_loop)
    assert set(next(iter(loop.dataloader))) == {'source'}
    runner.model.needs_target = True
    message = 'RecordingModel learns from target images, .*target is None'
    with pytest.raises(ValueError, match=message):
        runner.build_train_loop(runner._train_loop)


def test_data_loader_of_the_user_keeps_its_seed(tmp_path):
    def run(name, seed):
        dataset = RecordedIndices()
        cfg = config(tmp_path / name, max_iters=2, seed=seed)
        runner = Runner.from_cfg(cfg)
        runner._train_dataloader = DataLoader(
            dataset,
            batch_size=3,
            sampler=ResumableInfiniteSampler(dataset, seed=6),
            collate_fn=pseudo_collate,
        )
        runner.train()
        return [batch[:2] for batch in runner.model.batches]

    assert run('a', seed=0) == run('b', seed=1)


def test_classes_are_evaluated_in_their_order():
    def data(*names):
        return SimpleNamespace(metainfo=dict(classes=names))

    check_class_order(data('sky', 'road'), data('sky', 'road'))
    check_class_order(data('sky', 'road'), data('sky', 'street'))
    check_class_order(data('sky', 'road'), SimpleNamespace())
    other = data('sky', 'car', 'road')
    words = 'order: class 1 is car, and road in training'
    with pytest.raises(ValueError, match=words):
        check_class_order(data('sky', 'road', 'car'), other)
