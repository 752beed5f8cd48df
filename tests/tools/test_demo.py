import json
import shutil

import pytest
import torch
from mmengine.config import Config

from mmseg_balance.datasets import toy_streets
from mmseg_balance.runs import demo_run
from mmseg_balance.visualization import write_report


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


@pytest.fixture
def one_thread(monkeypatch):
    """Another number of threads rounds in another way."""
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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


def test_interrupted_run_goes_on_and_finished_one_is_left_alone(
    make_run, run_tool, one_thread, capsys
):
    options = {'default_hooks.checkpoint.interval': 3}
    run = make_run(options)
    run_tool(
        *('train.py', run.experiment.config, '--work-dir', run.folder),
        *('--cfg-options', *(f'{k}={v}' for k, v in options.items())),
    )
    last = run.folder / 'iter_6.pth'
    expected = torch.load(last)['state_dict']
    # as if killed before the last checkpoint
    last.unlink()
    before = (run.folder / 'iter_3.pth').stat().st_mtime_ns

    run.finish(num_threads=1)
    assert (run.folder / 'iter_3.pth').stat().st_mtime_ns == before
    resumed = torch.load(last)['state_dict']
    assert all(torch.equal(resumed[k], expected[k]) for k in expected)
    assert len(list((run.folder / 'predictions').glob('*.png'))) == 5
    assert 0 < run.scores['mIoU'] <= 100 and 'Bias.car' in run.scores

    capsys.readouterr()
    run.finish(num_threads=1)
    assert capsys.readouterr().out == (
        f'DACS: finished before, in {run.folder}\n'
    )


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
    assert run.scores is None


def test_failing_toy_streets_end_in_one_line(run_tool, tmp_path, monkeypatch):
    def generate(*args, **kwargs):
        raise ValueError('3 of 9 files failed')

    monkeypatch.setattr(toy_streets, 'generate_toy_streets', generate)
    with pytest.raises(SystemExit, match='^error: 3 of 9 files failed$'):
        run_tool('demo.py', '--work-dir', tmp_path)


def test_samples_of_the_runs_go_into_the_report(
    make_run, tmp_path, street_data
):
    run = make_run()
    run.folder.mkdir(parents=True)
    shutil.copytree(street_data / 'ann/val', run.folder / 'predictions')
    (run.folder / 'scores.json').write_text(json.dumps(dict(mIoU=1.0)))
    samples, meta = demo_run.samples_of([run])
    assert len(samples) == 4 and samples[0].image.shape == (40, 48, 3)
    assert (samples[1].predictions['DACS'] == samples[1].label).all()
    report = write_report(
        tmp_path / 'r.html',
        {'DACS': run.scores},
        meta['classes'],
        meta['palette'],
        samples,
    )
    assert report.read_text().count('base64,') == 4 * 4
