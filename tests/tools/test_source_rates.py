import json
import sys
from pathlib import Path

import pytest
from mmengine.config import Config


@pytest.fixture
def tool(run_tool):
    return run_tool.load('benchmarks/source_rates.py')


def test_no_run_sees_labels_of_the_target(tool):
    for name in tool.SETS:
        run = tool.experiment(name, 1e-3, 1000, 2, 0)
        val = run.cfg.val_dataloader.dataset
        test = Config(run.cfg.to_dict())
        test.merge_from_dict(tool.held_out_options(name))
        held_out, data = (
            Path(d.data_root) / d.data_prefix.img_path
            for d in (test.test_dataloader.dataset, val)
        )
        assert held_out != data
        source = run.cfg.train_dataloader.dataset.source
        trained_on = Path(source.data_root) / source.data_prefix.img_path
        assert held_out != trained_on
        if name != 'toy':  # drawn into a folder of its own
            # images/train -> images/val, of the same domain
            assert held_out.parent == trained_on.parent
        # labels of the target are not looked at on the way either
        assert run.cfg.train_cfg.val_interval > run.cfg.train_cfg.max_iters
        assert run.cfg.param_scheduler[1].end == 1000
        assert run.cfg.optim_wrapper.optimizer.lr == 1e-3


def test_the_length_is_the_configs_own(tool):
    run = tool.experiment('carrots', 1e-3, None, 2, 0)
    assert run.cfg.train_cfg.max_iters == run.cfg.param_scheduler[1].end
    assert run.cfg.train_cfg.val_interval > run.cfg.train_cfg.max_iters


def test_finished_runs_are_kept_and_tabled(
    tool, tmp_path, monkeypatch, capsys
):
    calls = []

    def test(run, options):
        calls.append(options)
        scores = {'IoU.crop': 4.0, 'IoU.soil': 80.0}
        return dict(mIoU=42.0, mAcc=61.04, test_time=1.0, **scores)

    monkeypatch.setattr(tool.Experiment, 'train', lambda run, *_, **__: None)
    monkeypatch.setattr(tool.Experiment, 'test', test)
    argv = ['source_rates.py', '--set', 'carrots', '--rates', '1e-3', '2e-3']
    monkeypatch.setattr(sys, 'argv', [*argv, '--out', str(tmp_path)])
    tool.main()
    first = capsys.readouterr().out
    assert '| 0.001 |    2000    | 42.0 | 61.0 |' in first
    assert '1 of 2' in first and 'crop (4.0)' in first
    files = sorted(tmp_path.glob('*.json'))
    assert len(files) == len(calls) == 2
    assert 'test_time' not in json.loads(files[0].read_text())['student']
    tool.main()
    assert capsys.readouterr().out == first and len(calls) == 2


def test_a_config_that_is_missing_is_named(tool, monkeypatch, capsys):
    argv = ['source_rates.py', '--set', 'carrots', '--config', 'missing.py']
    monkeypatch.setattr(sys, 'argv', argv)
    with pytest.raises(SystemExit):
        tool.main()
    assert '--config: no file missing.py' in capsys.readouterr().err


def test_a_config_in_place_of_the_sets_own(tool, tmp_path):
    own = tool.experiment('carrots', 1e-3, None, 2, 0)
    config = tmp_path / 'other.py'
    config.write_text(f"_base_ = ['{own.config}']\n")
    run = tool.experiment('carrots', 1e-3, None, 2, 0, config)
    assert run.cfg.pretty_text == own.cfg.pretty_text
    assert run.folder.name.startswith('carrots_other_lr0.001_')
