"""Work folders as trainings and tests leave them, without training."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_balance.runs.records.confusion import write_confusion
from mmseg_balance.runs.records.scores import add_origin

CLASSES = ('road', 'car')


def config(seed=0, **changes) -> Config:
    """A config of a training, as mmengine writes it."""
    dataset = dict(
        type='BaseSegDataset',
        data_root='data/streets',
        data_prefix=dict(img_path='val', seg_map_path='ann'),
        metainfo=dict(classes=CLASSES, palette=[[128, 64, 128], [0, 0, 142]]),
        pipeline=[dict(type='LoadImageFromFile')],
    )
    cfg = Config(
        dict(
            model=dict(
                type='UDASegmentor',
                segmentor=dict(type='EncoderDecoder', tau=0.1),
            ),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            train_dataloader=dict(batch_size=2, num_workers=2),
            val_dataloader=dict(dataset=dataset),
            test_dataloader=dict(dataset=dataset),
            val_evaluator=dict(type='BalancedIoUMetric'),
            test_evaluator=dict(type='BalancedIoUMetric'),
            train_cfg=dict(max_iters=6),
            default_hooks=dict(logger=dict(log_metric_by_epoch=False)),
            randomness=dict(seed=seed),
            resume=False,
        )
    )
    cfg.merge_from_dict(changes)
    return cfg


class RunFolder:
    """A work folder.

    Args:
        folder: The folder.
        cfg: Config of its training.
        name: Name of the config.
    """

    times = (f'20260101_{i:06d}' for i in itertools.count())

    def __init__(self, folder: Path, cfg: Config, name: str) -> None:
        self.folder, self.cfg, self.name = folder, cfg, name
        self.seed = cfg.get('randomness', {}).get('seed')

    def log(self, lines, cfg=None) -> Path:
        """Scalars of a training, or of one that went on."""
        log_dir = self.folder / next(self.times)
        vis_data = log_dir / 'vis_data'
        vis_data.mkdir(parents=True)
        text = (cfg or self.cfg).pretty_text
        (vis_data / 'config.py').write_text(text)
        (self.folder / f'{self.name}.py').write_text(text)
        lines = [json.dumps(line) for line in lines]
        (vis_data / 'scalars.json').write_text('\n'.join(lines) + '\n')
        return log_dir

    def save(self, step=6, name=None, **meta) -> Path:
        """A checkpoint."""
        file = self.folder / (name or f'iter_{step}.pth')
        known = dict(
            iter=step,
            seed=self.seed,
            cfg=self.cfg.pretty_text,
            experiment_name=f'{self.name}_20260101_000000',
        )
        weights = dict(w=torch.rand(3))
        torch.save(dict(state_dict=weights, meta=known | meta), file)
        return file

    def test(
        self, checkpoint, miou, folder='test', cfg=None, data='5 images', **of
    ) -> Path:
        """Scores of a test, with their origin and confusion matrix."""
        log_dir = self.folder / folder / next(self.times)
        (log_dir / 'vis_data').mkdir(parents=True)
        cfg = Config(dict(cfg or self.cfg))
        cfg.load_from = str(checkpoint)
        (log_dir / 'vis_data/config.py').write_text(cfg.pretty_text)
        (log_dir.parent / f'{self.name}.py').write_text(cfg.pretty_text)
        file = log_dir / f'{log_dir.name}.json'
        file.write_text(json.dumps(scores(miou) | dict(time=0.1)))
        if of.get('origin', True):
            meta = torch.load(checkpoint, weights_only=False)['meta']
            add_origin(file, str(checkpoint), meta, cfg, dict(data=data))
        counts = of.get('confusion', np.array([[40, 10], [10, 40]]))
        if counts is not None:
            write_confusion(file, counts, CLASSES)
        return file


def scores(miou) -> dict:
    """Scores of two classes."""
    return {
        **dict(mIoU=miou, mAcc=miou + 10, IoU_std=5.0, Acc_std=4.0, aAcc=80.0),
        **{'IoU.road': miou + 5, 'IoU.car': miou - 5, 'Bias.car': -1.0},
    }


@pytest.fixture
def work_folder(tmp_path):
    """Begin a work folder: ``work_folder('a_seed1', seed=1, **changes)``."""

    def begin(folder, seed=0, name='method', **changes) -> RunFolder:
        (tmp_path / folder).mkdir(parents=True)
        return RunFolder(tmp_path / folder, config(seed, **changes), name)

    return begin


@pytest.fixture
def tested(work_folder):
    """A training that was tested at its end."""

    def make(folder, miou, seed=0, **changes) -> RunFolder:
        run = work_folder(folder, seed, **changes)
        run.log([dict(loss=1.0, iter=3, step=3), dict(loss=0.5, step=6)])
        run.test(run.save(), miou)
        return run

    return make
