"""A training that leaves a bad image out, through the tool."""

import json
import shutil

import pytest
import torch


@pytest.fixture
def uda_config(tiny_config, street_data, tmp_path):
    """A source-only training whose fourth image cannot be decoded."""
    root = tmp_path / 'streets'
    shutil.copytree(street_data, root)
    (root / 'img/train/3.png').write_bytes(b'not an image')

    def write(**changes):
        file = tiny_config(**changes)
        with file.open('a') as config:
            config.write(
                "train_dataloader['dataset'] = dict(type='UDADataset', "
                "source=dict(train_dataloader['dataset'], "
                f'data_root={str(root)!r}), target=None, '
                "on_bad_image='skip')\n"
                "train_dataloader['sampler'] = dict("
                "type='ResumableInfiniteSampler')\n"
                "model = dict(type='SourceOnly', segmentor=model)\n"
            )
        return file

    return write


def losses(work):
    lines = [
        json.loads(line)
        for file in sorted(work.glob('*/vis_data/scalars.json'))
        for line in file.read_text().splitlines()
    ]
    return {line['step']: line['loss'] for line in lines if 'loss' in line}


def test_bad_image_is_counted_and_a_resumed_run_draws_the_same(
    uda_config, run_tool, tmp_path
):
    logger = {'default_hooks.logger.interval': 1, 'val_evaluator': None}
    logger |= {'val_dataloader': None, 'val_cfg': None}
    whole, begun = tmp_path / 'whole', tmp_path / 'begun'
    run_tool('train.py', uda_config(**logger), '--work-dir', whole)
    log = next(whole.glob('*/*.log')).read_text()
    assert 'img/train/3.png cannot be read or decoded' in log
    assert "draws of images were replaced (on_bad_image='skip'), 1 file" in log

    shutil.copytree(whole, begun)
    (begun / 'iter_6.pth').unlink()
    (begun / 'last_checkpoint').write_text(str(begun / 'iter_3.pth'))
    run_tool(
        *('train.py', uda_config(**logger), '--work-dir', begun),
        *('--resume', begun / 'iter_3.pth'),
    )
    assert len(losses(whole)) == 6
    assert losses(begun) == losses(whole)
    first, second = (
        torch.load(folder / 'iter_6.pth', weights_only=False)
        for folder in (whole, begun)
    )
    for key, value in first['state_dict'].items():
        assert torch.equal(value, second['state_dict'][key]), key
    counts = [
        ckpt['message_hub']['runtime_info']['num_bad_images']
        for ckpt in (first, second)
    ]
    assert counts[0] == counts[1] > 0


def test_list_of_images_that_are_not_there(tiny_config, run_tool, tmp_path):
    names = tmp_path / 'train.txt'
    names.write_bytes('\ufeff0\n1\n'.encode())
    config = tiny_config(**{'train_dataloader.dataset.ann_file': str(names)})
    with pytest.raises(SystemExit) as error:
        run_tool('train.py', config, '--work-dir', tmp_path / 'work')
    message = str(error.value)
    assert message.startswith(
        'error: train_dataloader.dataset.ann_file: 1 of the 2 images that '
        f'{names} names are not there'
    )
    assert 'begins with a byte order mark' in message
    assert 'traceback' not in message
