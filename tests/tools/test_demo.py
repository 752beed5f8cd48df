import pytest
from mmengine.config import Config

from mmseg_balance.datasets import toy_streets
from mmseg_balance.runs import demo_run


@pytest.fixture
def make_run(tiny_config, tmp_path):
    """A run of the demo whose config can be changed."""
    path = tiny_config()

    def make(options=None, **changes):
        cfg = Config.fromfile(path)
        cfg.merge_from_dict(changes)
        cfg.dump(path)
        return demo_run.DemoRun(
            'DACS', str(path), tmp_path / 'demo', options or {}
        )

    return make


def test_configs_of_the_demo_differ_in_the_loss_alone(tools):
    root = tools.parent
    plain, blda = (Config.fromfile(root / c) for c in demo_run.RUNS.values())
    assert plain.model.type == blda.model.type == 'DACS'
    loss = blda.model.segmentor.decode_head.loss_decode
    assert loss.type == 'BLDALoss'
    for key in ('train_dataloader', 'optim_wrapper', 'train_cfg'):
        assert plain[key] == blda[key]


def test_other_settings_are_another_run(make_run):
    first = make_run()
    assert make_run().folder == first.folder
    others = [
        make_run({'train_cfg.max_iters': 7}),
        make_run(**{'optim_wrapper.optimizer.lr': 0.123}),
    ]
    assert len({run.folder for run in [first, *others]}) == 3


def test_second_demo_is_kept_out(make_run):
    run = make_run()
    with demo_run.locked(run.folder):
        with pytest.raises(RuntimeError, match='a training is running in'):
            run.finish(num_threads=1)
    with demo_run.locked(run.folder):
        pass


def test_failure_names_the_run(make_run):
    run = make_run({'train_cfg.max_iter': 3})
    with pytest.raises(
        RuntimeError, match=r'(?s)^DACS: tools/train\.py failed.*max_iters'
    ):
        run.finish(num_threads=1)
    assert run.scores == {}


def test_failing_toy_streets_end_in_one_line(run_tool, tmp_path, monkeypatch):
    def generate(*args, **kwargs):
        raise ValueError('3 of 9 files failed')

    monkeypatch.setattr(toy_streets, 'generate_toy_streets', generate)
    with pytest.raises(SystemExit, match='^error: 3 of 9 files failed$'):
        run_tool('demo.py', '--work-dir', tmp_path)
