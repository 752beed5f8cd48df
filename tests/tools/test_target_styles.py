"""A training whose source pipeline looks at target images."""

import torch
from mmengine.config import Config


def test_resumed_run_is_that_which_never_stopped(
    run_tool, uda_config, tmp_path, capfd
):
    path = uda_config()
    cfg = Config.fromfile(path)
    pipeline = cfg.train_dataloader.dataset.source.pipeline
    pipeline.insert(2, dict(type='FourierStyle', beta=(0.0, 0.2), prob=0.7))
    pipeline.insert(3, dict(type='LabStyle', prob=0.5))
    cfg.dump(path)
    run_tool('train.py', path, '--work-dir', tmp_path / 'run')
    whole = torch.load(tmp_path / 'run/iter_6.pth')['state_dict']
    (tmp_path / 'run/iter_6.pth').unlink()
    run_tool('train.py', path, '--work-dir', tmp_path / 'run', '--resume')
    assert 'iter: 3' in ''.join(capfd.readouterr())
    resumed = torch.load(tmp_path / 'run/iter_6.pth')['state_dict']
    assert whole.keys() == resumed.keys()
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key
