"""The bias of a classifier of instances, by the command."""

import json

import pytest
from helpers.tiny_networks import tiny_mask_rcnn

TOOL = 'analysis_tools/assess_bias.py'


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
