"""The config that evaluates a converted checkpoint."""

import pytest
from helpers.paths import ROOT
from helpers.public_layouts import daformer, under
from mmengine.config import Config

from mmseg_balance.checkpoints.public.architecture import (
    expected_state,
    infer_segmentor,
)
from mmseg_balance.checkpoints.public.conversion import Converted
from mmseg_balance.checkpoints.public.keys import segmentor_keys
from mmseg_balance.checkpoints.public.matching_configs import find_config


@pytest.mark.parametrize(
    'file, parts, text',
    [
        ('source_only/source_only_mit-b5_40k_gta2cityscapes-512x512', [], ''),
        (
            'daformer/daformer_mit-b5_40k_synthia2cityscapes-512x512',
            ['model', 'ema_model', 'imnet_model'],
            "type='SynthiaDataset'",
        ),
        (
            'daformer/daformer_mit-b0_40k_gta2cityscapes-512x512',
            ['model', 'ema_model', 'imnet_model'],
            'mask_mode=None',
        ),
        (
            'hrda/hrda_mit-b5_40k_gta2cityscapes-1024x1024',
            ['model', 'ema_model', 'imnet_model'],
            '',
        ),
        (
            'mic/mic_hrda_mit-b5_40k_gta2cityscapes-1024x1024',
            ['model', 'ema_model', 'imnet_model'],
            "mask_mode='separatetrgaug'",
        ),
        (
            'dacs/dacs_r101_40k_gta2cityscapes-512x512',
            ['model', 'ema_model'],
            '',
        ),
    ],
)
def test_config_that_fits_is_found(file, parts, text):
    cfg = Config.fromfile(ROOT / 'configs' / f'{file}.py')
    weights = expected_state(cfg.model.segmentor)
    converted = converted_of(weights, parts, text)
    path, options = find_config(converted, ROOT / 'configs')
    assert str(path.relative_to(ROOT / 'configs')) == f'{file}.py'
    assert options == []


@pytest.mark.parametrize('branch', ['', '-bu', '-shared'])
def test_configs_of_instance_branches(branch):
    if not branch:
        pytest.importorskip('mmdet')
    file = f'edaps/edaps{branch}_mit-b5_40k_synthia2cityscapes-512x512.py'
    cfg = Config.fromfile(ROOT / 'configs' / file)
    weights = expected_state(cfg.model.segmentor)
    converted = converted_of(weights, ['model', 'ema_model', 'imnet_model'])
    assert converted.segmentor['things'] == cfg.model.segmentor.things
    path, options = find_config(converted, ROOT / 'configs')
    assert path.relative_to(ROOT / 'configs').as_posix() == file
    assert options == []


def converted_of(weights, parts, text=''):
    return Converted(
        weights=under('student.', weights),
        meta={},
        network='',
        segmentor=infer_segmentor(weights),
        found=dict(student=len(weights)),
        dropped={},
        original_meta=dict(config=text),
        original_parts=set(parts),
    )


def test_config_with_other_dilations():
    """The CNN of the public DACS and DAFormer has two of them."""
    file = 'daformer/daformer_r101_40k_gta2cityscapes-512x512.py'
    segmentor = Config.fromfile(ROOT / 'configs' / file).model.segmentor
    segmentor.decode_head.dilations = (6, 12)
    converted = converted_of(expected_state(segmentor), ['imnet_model'])
    path, options = find_config(converted, ROOT / 'configs')
    option = 'model.segmentor.decode_head.dilations=6,12'
    shipped = Config.fromfile(path).model.segmentor.decode_head.dilations
    assert path.parent.name == 'daformer'
    assert options == ([] if len(shipped) == 2 else [option])


def test_network_of_no_config():
    converted = converted_of(
        segmentor_keys(daformer())[0], ['model', 'ema_model']
    )
    assert find_config(converted, ROOT / 'configs') is None
