"""A translator on two ranks: one pool, one model."""

import torch
from helpers.paths import ROOT

CONFIG = """
_base_ = ['{root}/configs/cyclegan/cyclegan_resnet6-16_300_toy2toy-128x128.py']
crop = (32, 32)
model = dict(
    data_preprocessor=dict(size=crop),
    generator=dict(num_blocks=1, base_channels=4),
    discriminator=dict(base_channels=4),
    pool_size=3)
target_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomCrop', crop_size=crop),
    dict(type='PackSegInputs'),
]
source_pipeline = [
    target_pipeline[0], dict(type='LoadAnnotations'), *target_pipeline[1:]]
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        source=dict(data_root='{data}/toy_gta', pipeline=source_pipeline),
        target=dict(
            data_root='{data}/toy_cityscapes', pipeline=target_pipeline)))
train_cfg = dict(max_iters=4)
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=4))
custom_imports = dict(imports=['mmseg_balance', 'dump_rank'])
custom_hooks = [dict(type='DumpRank')]
"""


def test_two_ranks_stay_equal(toy_streets, run_two_ranks, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.format(root=ROOT, data=toy_streets))
    ranks = run_two_ranks(config)
    state = ranks[0]['state']
    assert int(state['fake_B_pool.num_filled']) == 3
    # of both: no two images of the pool are one
    images = state['fake_B_pool.images'].flatten(1)
    assert torch.cdist(images, images)[~torch.eye(3).bool()].min() > 0.01
