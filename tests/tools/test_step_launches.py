"""What a step launches: operators without views, and their bytes."""

import json
import sys

import pytest
import torch


@pytest.fixture
def tool(run_tool, tools, monkeypatch):
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    return run_tool.load('benchmarks/step_launches.py')


def test_views_are_no_launches(tool):
    values = torch.zeros(4, 3)
    with tool.Launches() as found:
        # one that makes 12 floats, one that writes 12, one of 3
        total = (values.t()[None] + 1).mul_(2).squeeze(0).sum(1)
    assert total.tolist() == [8, 8, 8]
    assert found.names == {'aten::add': 1, 'aten::mul_': 1, 'aten::sum': 1}
    assert found.written == 4 * (12 + 12 + 3)


def test_rows_and_json(tool, monkeypatch, tmp_path, capsys):
    words = '--methods source_only --backbone mit-b0 --size 64 --batch 1'
    words = ['step_launches.py', *words.split(), '--out', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', words)
    tool.main()
    lines = capsys.readouterr().out.splitlines()[2:]
    saved = json.loads((tmp_path / 'steps_launches.json').read_text())
    plain, balanced = saved['rows']
    assert [
        str(row['launches']) in line
        for row, line in zip(saved['rows'], lines, strict=True)
    ] == [True, True]
    assert balanced['launches'] > plain['launches'] > 500
    assert plain['launches'] == sum(plain['names'].values())
    assert 'aten::addmm' in plain['names']
