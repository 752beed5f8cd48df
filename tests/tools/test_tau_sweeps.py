"""tools/benchmarks/tau_sweeps.py, its tools made up."""

import json
from pathlib import Path

import pytest


@pytest.fixture
def tool(run_tool):
    return run_tool.load('benchmarks/tau_sweeps.py')


def test_a_sweep_names_no_folder_of_the_machine(tool, tmp_path, monkeypatch):
    calls = []

    def run(command, output, cwd):
        calls.append(list(map(str, command)))
        if Path(command[0]).name == 'sweep_tau.py':
            out = Path(command[command.index('--out') + 1])
            out.mkdir()
            files = dict(zip(tool.FILES, calls[-1][1:4], strict=True))
            content = files | dict(scores=[dict(tau=0.0, mIoU=50.0)])
            (out / 'tau_sweep.json').write_text(json.dumps(content))

    monkeypatch.setattr(tool, 'run_tool', run)
    config, checkpoint = tmp_path / 'a.py', tmp_path / 'iter_5.pth'
    found = tool.sweep_tau(config, checkpoint, tmp_path, ['--cfg-options'])
    assert str(tmp_path) not in json.dumps(found)
    assert found == dict(
        config='a.py',
        checkpoint='iter_5.pth',
        statistics='logit_statistics_student.pth',
        scores=[dict(tau=0.0, mIoU=50.0)],
    )
    # statistics were not there, so they are fitted first
    first, second = calls
    assert first[0].endswith('fit_logit_statistics.py')
    assert first[1:3] == second[1:3] == [str(config), str(checkpoint)]
    assert first[-1] == second[-1] == '--cfg-options'
