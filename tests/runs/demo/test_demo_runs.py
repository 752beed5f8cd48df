"""Runs of the demo on small toy streets, and the page of what they gave."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from helpers.paths import ROOT

from mmseg_balance.cli.demo import score_table
from mmseg_balance.errors import UserRuntimeError
from mmseg_balance.logits.statistics import reservoir
from mmseg_balance.runs import demo_run, experiment
from mmseg_balance.runs.demo import figures, page
from mmseg_balance.runs.demo.page import demo_content
from mmseg_balance.visualization.comparison import write_page

PLAIN, BALANCED = 'DACS', 'DACS + post-hoc, tau 1'


@pytest.fixture
def tools_run(fork, monkeypatch):
    """Names of the tools that were run, in processes that have imports."""
    names = []

    def run_tool(command, log, on_line=None, **_):
        tool = Path(command[0]).relative_to(ROOT / 'tools')
        names.append(tool.name)
        process = fork(str(tool), *command[1:])
        output, _ = process.communicate()
        if process.returncode:
            raise UserRuntimeError(output[-2000:])
        for line in output.splitlines() if on_line else ():
            on_line(line)
        return output

    monkeypatch.setattr(demo_run, 'FITTED_IMAGES', 4)
    for module in (demo_run, experiment):
        monkeypatch.setattr(module, 'run_tool', run_tool)
    return names


@pytest.mark.slow
def test_a_killed_run_goes_on_and_all_of_it_is_on_the_page(
    write_config, tools_run, fork, tmp_path, capsys, monkeypatch
):
    config = write_config(
        4,
        2,
        "model['segmentor']['backbone'] = dict(init_cfg=None)\n"
        'train_dataloader.update(num_workers=0, persistent_workers=False)',
    )
    run = demo_run.DemoRun(PLAIN, str(config), tmp_path / 'demo', {})
    train = fork('train.py', config, '--work-dir', run.folder)
    output, _ = train.communicate()
    assert train.returncode == 0, output
    expected = torch.load(run.checkpoint)['state_dict']
    # as if killed before the last checkpoint
    run.checkpoint.unlink()
    assert not run.is_finished

    run.finish(num_threads=1)
    assert tools_run == [
        'train.py', 'test.py', 'fit_logit_statistics.py', 'test.py'
    ]  # fmt: skip
    resumed = torch.load(run.checkpoint)['state_dict']
    assert all(torch.equal(resumed[k], expected[k]) for k in expected)
    assert list(run.scores) == [PLAIN, BALANCED]
    plain, balanced = run.scores.values()
    assert 0 < plain['mIoU'] <= 100 and plain != balanced
    for test in run.tests.values():
        assert len(list((test / 'predictions').glob('*.png'))) == 8
    said = capsys.readouterr().out
    assert (
        'DACS: train 4/4' in said
        and 'DACS: collect source: 4/4 images in ' in said
    )

    # killed before the last test: the rest is not repeated
    (run.folder / 'post_hoc/scores.json').unlink()
    tools_run.clear()
    run.finish(num_threads=1)
    assert tools_run == ['test.py'] and run.is_finished
    run.finish(num_threads=1)
    assert tools_run == ['test.py']
    assert f'DACS: finished before, in {run.folder}\n' in (
        capsys.readouterr().out
    )

    # fewer, fitted faster
    monkeypatch.setattr(reservoir, 'CLASS_SAMPLES', 256)
    content = demo_content([run])
    assert [m.name for m in content.methods] == [PLAIN, BALANCED]
    assert content.methods[0].scores['mIoU'] == pytest.approx(plain['mIoU'])
    assert len(content.samples) == 4
    assert set(content.samples[0].predictions) == {PLAIN, BALANCED}
    (logits,) = content.figures
    assert logits.png.startswith(b'\x89PNG')
    assert logits.title.startswith('Logits of an over- and an under')
    assert content.notes[0].startswith('DACS has learnt ')
    table = score_table(content).get_string()
    assert f'{balanced["mIoU"]:.2f}' in table and 'of 19' in table
    report = write_page(tmp_path / 'report.html', content)
    assert BALANCED in report.read_text()

    # figures of these runs are not drawn again
    monkeypatch.setattr(figures, 'measure', None)
    assert demo_content([run]).figures == content.figures


def test_one_test_alone_does_not_finish_a_run(write_config, tmp_path):
    run = demo_run.DemoRun(PLAIN, str(write_config(4, 2)), tmp_path, {})
    assert run.scores == {} and not run.is_finished
    file = run.folder / 'test/scores.json'
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(dict(mIoU=1.0)))
    assert run.scores == {PLAIN: {'mIoU': 1.0}} and not run.is_finished


def test_scores_of_another_test_are_not_taken(
    write_config, tmp_path, monkeypatch
):
    run = demo_run.DemoRun(PLAIN, str(write_config(4, 2)), tmp_path, {})
    # the order of what was found is not that of the names
    groups = [
        SimpleNamespace(
            name=name, first=SimpleNamespace(file=test / 'a/a.json')
        )
        for name, test in zip(run.tests, reversed(run.tests.values()))
    ]
    monkeypatch.setattr(
        page,
        'compare_runs',
        lambda paths, names: SimpleNamespace(groups=groups),
    )
    with pytest.raises(
        RuntimeError, match='scores of DACS were found in .*po'
    ):
        page.compare_tests([run])
