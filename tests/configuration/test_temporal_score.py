"""Configs of single images become those of pairs, and back."""

import copy

import pytest
from mmengine.config import Config

from mmseg_balance.configuration.temporal_score import (
    ask_temporal_score,
    images_pipeline,
    load_scored_pairs,
    pairs_pipeline,
)

PIPELINE = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(64, 32), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs', meta_keys=('img_path', 'ori_shape')),
]


def config(**dataset):
    data = dict(type='FrameFolderDataset', pipeline=PIPELINE) | dataset
    return Config(
        dict(
            test_dataloader=dict(dataset=data),
            test_evaluator=dict(type='BalancedIoUMetric'),
            val_dataloader=dict(dataset=data),
            val_evaluator=dict(type='BalancedIoUMetric'),
        )
    )


def test_only_what_moves_or_packs_is_exchanged():
    before = copy.deepcopy(PIPELINE)
    pairs = pairs_pipeline(PIPELINE, 'test_dataloader.dataset')
    assert pairs == [
        dict(type='LoadImageFromFile', imdecode_backend='pillow'),
        dict(
            type='LoadPreviousFrame',
            repeat_first=True,
            imdecode_backend='pillow',
        ),
        dict(type='LoadOpticalFlow'),
        dict(type='ResizeFrames', scale=(64, 32), keep_ratio=True),
        dict(type='LoadAnnotations'),
        dict(type='PackFrameInputs', meta_keys=('img_path', 'ori_shape')),
    ]
    assert PIPELINE == before
    assert images_pipeline(pairs) == PIPELINE == images_pipeline(PIPELINE)


@pytest.mark.parametrize(
    ('own', 'asked', 'expected'),
    [(None, None, 1), (2, None, 2), (None, 3, 3), (2, 3, 3)],
)
def test_the_step_is_that_of_the_option_or_of_the_data_set(
    own, asked, expected
):
    cfg = config(previous=own)
    ask_temporal_score(cfg, asked)
    kinds = [metric.type for metric in cfg.test_evaluator]
    assert kinds == ['BalancedIoUMetric', 'TemporalConsistencyMetric']
    ask_temporal_score(cfg, asked)  # asked for in config and option
    assert len(cfg.test_evaluator) == 2
    (line,) = load_scored_pairs(cfg)
    assert line.startswith('test_dataloader.dataset.pipeline loads the frame')
    data = cfg.test_dataloader.dataset
    assert data.previous == expected and data.test_mode is True
    # of what is not scored nothing is changed
    assert cfg.val_dataloader.dataset.pipeline == PIPELINE
    assert load_scored_pairs(cfg) == []


def test_each_data_set_of_several_loads_pairs():
    leaf = dict(type='FrameFolderDataset', pipeline=PIPELINE)
    cfg = config()
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[leaf, dict(leaf, previous=2)]
    )
    ask_temporal_score(cfg, None)
    assert len(load_scored_pairs(cfg)) == 2
    leaves = cfg.test_dataloader.dataset.datasets
    assert [one.previous for one in leaves] == [1, 2]


@pytest.mark.parametrize(('changes', 'message'), [
    (dict(type='CityscapesDataset'),
     'test_dataloader.dataset is a CityscapesDataset, which knows no frames'),
    (dict(pipeline=[dict(type='LoadImageFromNDArray'), *PIPELINE[1:]]),
     'pipeline begins with LoadImageFromNDArray'),
    (dict(pipeline=[PIPELINE[0], dict(type='TestTimeAug', transforms=[])]),
     'pipeline has TestTimeAug'),
])  # fmt: skip
def test_what_has_no_pairs_is_refused(changes, message):
    cfg = config(**changes)
    with pytest.raises(ValueError, match=message):
        ask_temporal_score(cfg, 1)
        load_scored_pairs(cfg)


def test_a_metric_in_a_config_needs_the_step():
    cfg = config()
    cfg.val_evaluator = [dict(type='TemporalConsistencyMetric')]
    with pytest.raises(ValueError, match='val_dataloader.dataset.previous is'):
        load_scored_pairs(cfg, ('val',))
