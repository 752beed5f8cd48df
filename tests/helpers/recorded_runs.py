"""A run that records what it is trained on."""

from uuid import uuid4

import torch
from mmengine.model import BaseModel
from mmseg.registry import DATASETS, MODELS
from torch import nn
from torch.utils.data import Dataset


@DATASETS.register_module()
class RecordedIndices(Dataset):
    """Ten numbers; the seed of each draw goes along."""

    reads = []
    metainfo = dict(classes=('a', 'b'))

    def __len__(self):
        return 10

    def __getitem__(self, index):
        self.reads.append(int(index))
        return dict(inputs=torch.tensor([int(index)]),
                    seed=getattr(index, 'seed', None))  # fmt: skip


@MODELS.register_module()
class RecordingModel(BaseModel):
    """Keeps the batches it is trained on, and draws a number for each."""

    def __init__(self, num_classes=2):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.num_classes = num_classes
        self.batches = []

    def forward(self, inputs, seed, mode='tensor'):
        self.batches.append(
            ([int(i) for i in inputs], list(seed), torch.rand(()).item())
        )
        return dict(loss=self.weight.sum() * 0)


def config(work_dir, max_iters=8, num_workers=0, seed=3, **kwargs):
    return dict(
        model=dict(type='RecordingModel', **kwargs.pop('model', {})),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=3,
            num_workers=num_workers,
            dataset=dict(type='RecordedIndices'),
            sampler=kwargs.pop(
                'sampler', dict(type='ResumableInfiniteSampler')
            ),
        ),
        train_cfg=dict(
            type='ResumableIterBasedTrainLoop', max_iters=max_iters
        ),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=5, by_epoch=False),
            logger=None,
        ),
        custom_hooks=[dict(type='IterationSeedHook')],
        randomness=dict(seed=seed, **kwargs.pop('randomness', {})),
        default_scope='mmseg',
        # unlike the default it differs within a second
        experiment_name=uuid4().hex,
        log_level='ERROR',
        **kwargs,
    )
