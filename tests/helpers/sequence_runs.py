"""Short trainings on toy sequences, with pairs of frames."""

from pathlib import Path

from helpers.paths import ROOT

from mmseg_balance.datasets.toy_streets import (
    ToySequences,
    generate_toy_sequences,
)

CONFIG = """
_base_ = ['{root}/configs/video/{name}.py']
crop = (64, 64)
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        backbone=dict(init_cfg=None),
        decode_head=dict(loss_decode=dict(min_samples=20))))
load = dict(type='LoadImageFromFile')
cut = dict(type='RandomCrop', crop_size=crop)
source = '{data}/toy_viper'
target = '{data}/toy_cityscapes_seq'
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        rare_class_sampling=dict(min_pixels=20),
        source=dict(
            data_root=source,
            pipeline=[
                load, dict(type='LoadAnnotations'), cut,
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackSegInputs')]),
        target=dict(
            data_root=target,
            previous=1,
            data_prefix=dict(flow_path='flow/train'),
            pipeline=[
                load, dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'), cut,
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs')])))
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=target))
test_dataloader = val_dataloader
train_cfg = dict(max_iters={last}, val_interval={last})
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(interval=2, max_keep_ckpts=-1))
{extra}
"""
# of configs of HRDA: windows and blocks that fit the crops
SMALL_HRDA = """
model['segmentor'].update(
    detail_crop_size=(32, 32), test_cfg=dict(crop_size=crop, stride=(32, 32)))
model.update(masked_consistency=dict(block_size=16), pseudo_threshold=0.0)
"""


def write_sequence_config(
    folder: Path, name: str, last: int, extra: str = '', num_target: int = 3
) -> Path:
    """A config of ``configs/video`` in small, on sequences of two frames.

    Args:
        folder: Gets the data, and the config.
        name: Of the config.
        last: Its last iteration; it validates there.
        extra: Python at the end of it.
        num_target: Sequences of the target to train on.
    """
    few = dict(num_source=4, num_target=num_target, num_val=4, frames=2)
    generate_toy_sequences(
        folder / 'data', ToySequences(**few, height=64, width=128)
    )
    file = folder / 'config.py'
    values = dict(root=ROOT, name=name, data=folder / 'data', last=last)
    file.write_text(CONFIG.format(**values, extra=extra))
    return file
