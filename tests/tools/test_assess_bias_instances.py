"""The bias of a classifier of instances, by the command."""

import json

import pytest
import torch
from helpers.panoptic_files import street, write_panoptic_set
from helpers.tiny_networks import tiny_mask_rcnn, tiny_panoptic
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

TOOL = 'analysis_tools/assess_bias.py'


@pytest.fixture
def panoptic(tiny_config, tmp_path):
    """A config of a panoptic segmentor, and random weights of it."""

    def write(head):
        root = tmp_path / 'streets'
        data = write_panoptic_set(root, {name: street() for name in 'abcd'})
        cfg = Config.fromfile(tiny_config())
        cfg.test_pipeline = [
            dict(type='LoadImageFromFile'),
            dict(type='LoadPanopticAnnotations'),
            dict(type='PackPanopticInputs'),
        ]
        data['pipeline'] = cfg.test_pipeline
        cfg.test_dataloader.dataset = data
        cfg.model = tiny_panoptic(head)
        config, path = tmp_path / 'panoptic.py', tmp_path / 'weights.pth'
        cfg.dump(config)
        init_default_scope('mmseg')
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        meta = dict(dataset_meta=data['metainfo'])
        torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
        return config, path

    return write


def test_files_of_instances(panoptic, run_tool, tmp_path, capsys):
    pytest.importorskip('mmdet')
    args = panoptic(tiny_mask_rcnn())
    out = tmp_path / 'out'
    run_tool(TOOL, *args, '--out', out, '--instances')
    text = ' '.join(capsys.readouterr().out.split())
    assert 'Proposals' in text and 'pixel' not in text
    content = json.loads((out / 'bias.json').read_text())
    assert list(content['classes']) == ['person', 'car', 'background']
    assert content['images'] == 4
    assert content['classes']['background']['proposals'] > 0
    few = ['--instances', '--without-background', '--overwrite']
    with pytest.raises(SystemExit, match='proposals.*are of person, car, and'):
        run_tool(TOOL, *args, '--out', out, *few)


@pytest.mark.parametrize(
    'options, said',
    [
        (['--instances'], 'instance_head of the model is a CenterOffsetHead'),
        (['--without-background'], 'add --instances'),
        (['--instances', '--statistics', 'a.pth'], 'leave one away'),
    ],
)
def test_what_is_refused(panoptic, run_tool, options, said):
    args = panoptic(dict(type='CenterOffsetHead', channels=16))
    with pytest.raises(SystemExit) as exit_:
        run_tool(TOOL, *args, *options)
    assert said in str(exit_.value)


def test_pixels_of_a_panoptic_model(panoptic, run_tool, tmp_path, capsys):
    """Without the option it is a segmentor as any other."""
    out = tmp_path / 'out'
    args = panoptic(dict(type='CenterOffsetHead', channels=16))
    run_tool(TOOL, *args, '--out', out)
    content = json.loads((out / 'bias.json').read_text())
    assert list(content['classes']) == ['road', 'sky', 'person', 'car']
