"""Keys that must agree, and what is said where they do not."""

import re
from pathlib import Path

import mmseg
import pytest
from helpers.paths import ROOT
from mmengine.config import Config

from mmseg_balance.configuration.checks.agreement import check_agreement

STOCK = Path(mmseg.__file__).parent / '.mim' / 'configs'
CONFIGS = ROOT / 'configs'


def config(**changes) -> Config:
    """A plain segmentor of four classes, ten iterations."""
    crop = dict(type='RandomCrop', crop_size=(128, 128))
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    dataset = dict(type='BaseSegDataset', pipeline=[*load, crop])
    head = dict(
        type='FCNHead',
        num_classes=4,
        loss_decode=[dict(type='CrossEntropyLoss')],
    )
    cfg = Config(
        dict(
            model=dict(
                type='EncoderDecoder',
                data_preprocessor=dict(size=(128, 128), seg_pad_val=255),
                decode_head=head,
            ),
            train_dataloader=dict(dataset=dataset),
            val_dataloader=dict(
                dataset=dict(type='BaseSegDataset', pipeline=load)
            ),
            val_evaluator=dict(type='BalancedIoUMetric'),
            param_scheduler=[dict(type='PolyLR', end=10, by_epoch=False)],
            train_cfg=dict(max_iters=10, val_interval=5),
        )
    )
    for key, value in changes.items():
        if '.' in key:
            cfg.merge_from_dict({key: value})
        else:
            cfg[key] = value
    return cfg


def schedule(kind, **kwargs):
    return dict(param_scheduler=[dict(type=kind, by_epoch=False, **kwargs)])


AUXILIARY = dict(type='FCNHead', num_classes=3)
ALL_254 = {
    'model.decode_head.ignore_index': 254,
    'model.data_preprocessor.seg_pad_val': 254,
    'train_dataloader.dataset.ignore_index': 254,
    'val_dataloader.dataset.ignore_index': 254,
    'val_evaluator.ignore_index': 254,
}
ERRORS = {
    'schedule that ends at 0': (
        schedule('PolyLR', end=4),
        r'param_scheduler\[0\] \(PolyLR\) ends at 4, train_cfg.max_iters is '
        '10: the last 7 iterations would train at a learning rate of 0; set '
        r'param_scheduler\[0\].end=10',
    ),
    'one of two optimizers': (
        dict(
            param_scheduler=dict(
                student=[dict(type='ConstantLR', by_epoch=False)],
                discriminator=[dict(type='PolyLR', end=9, by_epoch=False)],
            )
        ),
        r'param_scheduler.discriminator\[0\] .*last 2 iterations',
    ),
    'by epochs': (
        dict(param_scheduler=dict(type='PolyLR', end=10)),
        r'param_scheduler \(PolyLR\) goes by epochs .*never move',
    ),
    'cycle': (
        schedule('OneCycleLR', eta_max=1, total_steps=5),
        r'total_steps is 5, train_cfg.max_iters 10: .*set .*total_steps=10',
    ),
    'padding': (
        {'model.data_preprocessor.size': (256, 256)},
        r'data_preprocessor.size is \(256, 256\), but train_dataloader.'
        r'dataset.pipeline gives crops of \(128, 128\).*75% of each image',
    ),
    'fewer classes in an auxiliary head': (
        {'model.auxiliary_head': AUXILIARY},
        'model.auxiliary_head.num_classes is 3, but '
        'model.decode_head.num_classes is 4',
    ),
    'more classes in one of two': (
        {'model.auxiliary_head': [AUXILIARY, dict(AUXILIARY, num_classes=7)]},
        r'model.auxiliary_head\[0\].num_classes is 3',
    ),
    'a loss of other classes': (
        {'model.decode_head.loss_decode.0.num_classes': 19},
        'model.decode_head.loss_decode.num_classes is 19, but '
        'model.decode_head.num_classes is 4',
    ),
    'too few class weights': (
        {'model.decode_head.loss_decode.0.class_weight': [1.0, 2.0]},
        'loss_decode.class_weight has 2 values, but '
        'model.decode_head.num_classes is 4',
    ),
    'one class': (
        {'model.decode_head.num_classes': 1},
        r"num_classes is 1: .*metainfo.classes=\('background', 'NAME'\)",
    ),
}
# each place by itself is another than all the others
ERRORS |= {
    f'ignored pixels: {key}': (
        {key: 254},
        f'254 in (?:.*){key.split(".")[-1]}',
    )
    for key in ALL_254
}
ERRORS |= {
    f'ignored pixels: all but {key}': (
        {k: v for k, v in ALL_254.items() if k != key},
        '254 in .*; 255 in ',
    )
    for key in ALL_254
}


@pytest.mark.parametrize('name', ERRORS)
def test_what_cannot_go_together(name):
    changes, message = ERRORS[name]
    with pytest.raises(ValueError, match=message) as error:
        check_agreement(config(**changes))
    assert len(str(error.value).splitlines()) == 1


LINES = {
    'cut off': (
        schedule('PolyLR', end=40000),
        r'PolyLR\) ends at 40000, train_cfg.max_iters is 10: it is cut off',
    ),
    'a last value': (
        schedule('PolyLR', end=5, eta_min=1e-4),
        r'the last 6 iterations train at its last value \(eta_min=0.0001\)',
    ),
    'warm-up': (
        schedule('LinearLR', end=1500),
        r'a warm-up\) ends at 1500, .* never reaches its value',
    ),
    'never begun': (
        schedule('PolyLR', begin=1500, end=4000),
        'begins at 1500, train_cfg.max_iters is 10: it never acts',
    ),
    'rises again': (
        schedule('CosineAnnealingLR', T_max=5, eta_min=0),
        r'T_max is 5, and it acts until 10: .*rises again',
    ),
    'milestones': (
        schedule('MultiStepLR', milestones=[5, 15]),
        r'milestones has \[15\].*never reached',
    ),
    'no validation': (
        {'train_cfg.val_interval': 11},
        'val_interval is 11, train_cfg.max_iters 10: the only validation is',
    ),
    'some padding': (
        {'model.data_preprocessor.size': (144, 128)},
        '11% of each image would be padding',
    ),
}


@pytest.mark.parametrize('name', LINES)
def test_what_may_be_meant_is_said(name):
    changes, message = LINES[name]
    (line,) = check_agreement(config(**changes))
    assert re.search(message, line)


@pytest.mark.parametrize(
    'changes',
    [
        {},
        ALL_254,
        schedule('PolyLR', end=11),
        schedule('CosineAnnealingLR', T_max=10),
        schedule('LinearLR', start_factor=0.1, end=4),
        schedule('OneCycleLR', eta_max=1, total_steps=10),
        schedule('MultiStepLR', milestones=[5, 8]),
        dict(param_scheduler=[dict(type='ReduceOnPlateauLR', monitor='mIoU')]),
        {'train_cfg.max_iters': None, 'train_cfg.max_epochs': 3},
        {'model.data_preprocessor.size': None},
        {'model.auxiliary_head': dict(AUXILIARY, num_classes=4)},
        # heads with other labels than the map's
        {'model.auxiliary_head': dict(type='STDCHead', num_classes=2)},
        {
            'model.decode_head.num_classes': 1,
            'model.decode_head.loss_decode.0.use_sigmoid': True,
        },
    ],
)
def test_what_agrees(changes):
    assert check_agreement(config(**changes)) == []


@pytest.mark.parametrize(
    'name',
    [
        STOCK / 'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py',
        STOCK / 'stdc/stdc1_4xb12-80k_cityscapes-512x1024.py',
        STOCK / 'vpd/vpd_sd_4xb8-25k_nyu-480x480.py',
        STOCK / 'unet/unet-s5-d16_fcn_4xb4-40k_chase-db1-128x128.py',
        CONFIGS / 'mic/mic_hrda_blda_mit-b5_40k_gta2cityscapes-1024x1024.py',
        CONFIGS / 'dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
    ],
    ids=lambda path: path.stem,
)
def test_public_configs_agree(name):
    assert check_agreement(Config.fromfile(name)) == []


def test_a_public_config_that_trains_half_of_its_time_at_0():
    name = 'beit/beit-large_upernet_8xb1-amp-160k_ade20k-640x640_ms.py'
    cfg = Config.fromfile(STOCK / name)
    with pytest.raises(ValueError, match='the last 160001 iterations'):
        check_agreement(cfg)
