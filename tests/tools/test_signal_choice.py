"""tools/benchmarks/signal_choice.py, its runs made up."""

import json
import math

import pytest


@pytest.fixture
def tool(run_tool):
    return run_tool.load('benchmarks/signal_choice.py')


@pytest.fixture
def write(tmp_path):
    def write(folder, method, seed, miou, signals, macc=None):
        file = tmp_path / folder / f'{method}_seed{seed}.json'
        file.parent.mkdir(exist_ok=True)
        scores = dict(mIoU=miou, mAcc=miou if macc is None else macc)
        content = dict(student=scores, teacher=scores, signals=signals)
        file.write_text(json.dumps(content))
        return str(file)

    return write


def signals(from_source, *shares):
    names = {f'share.target/{i}': [[500, v]] for i, v in enumerate(shares)}
    return {'balance/from_source': [[500, from_source]]} | names


def test_a_signal_that_tells_and_one_that_does_not(tool, write):
    """Of the first folder it falls with the gain, of the second it rises."""
    files = [
        write('a', 'dacs', 0, 40.0, signals(0.2, 0.5, 0.5)),
        write('a', 'dacs_x', 0, 43.0, signals(0.1, 0.5, 0.5)),
        write('a', 'dacs_y', 0, 41.0, signals(0.3, 0.4, 0.6)),
        write('a', 'dacs_z', 0, 35.0, signals(0.6, 0.1, 0.9)),
        write('b', 'dacs', 1, 50.0, signals(0.5, 1.0)),
        write('b', 'dacs_x', 1, 48.0, signals(0.7, 1.0)),
        write('b', 'dacs_y', 1, 49.0, signals(0.8, 1.0)),
        write('b', 'dacs_z', 1, 55.0, signals(0.9, 0.8, 0.2)),
        # builds on another, and one without any of its seed
        write('b', 'mic_dacs_x', 1, 10.0, signals(0.0, 1.0)),
        write('b', 'dacs_x', 2, 10.0, signals(0.0, 1.0)),
    ]
    runs = [tool.read_run(file) for file in files]
    pairs = tool.pairs_of(runs, ['dacs'])
    assert len(pairs) == 6
    rows = {
        (row['signal'], row['iteration']): row
        for row in tool.compare(pairs, [500, 1000])
    }
    own = rows['from source', 500]
    assert own['pairs'] == 6
    assert own['mIoU_rho_within'] == pytest.approx((-1 + 1) / 2)
    # losing (0.6, 0.7, 0.8) against gaining (0.1, 0.3, 0.9): 6 of 9
    assert own['mIoU_chance'] == pytest.approx(6 / 9)
    # ranks of signal 1, 2, 3, 4, 5, 6, of gain 5, 4, 1, 2, 3, 6
    distance = sum(
        (i - r) ** 2 for i, r in enumerate([5, 4, 1, 2, 3, 6], start=1)
    )
    rho = 1 - 6 * distance / (6 * 35)
    assert own['mIoU_rho'] == pytest.approx(rho)
    drift = tool.SIGNALS['from the baseline']
    found = [round(drift(pair, 500), 6) for pair in pairs]
    assert found == [0.0, 0.1, 0.4, 0.0, 0.0, 0.2]
    less = tool.SIGNALS['from source, less that of the baseline']
    assert less(pairs[0], 500) == pytest.approx(-0.1)
    # noted then by none
    later = rows['from source', 1000]
    assert later['pairs'] == 0 and math.isnan(later['mIoU_rho'])
    assert rows['bias by Eq. 5, target', 500]['pairs'] == 0


def test_runs_without_signals_are_left_out(tool, write, run_tool, capsys):
    files = [
        write('a', 'source_only', 0, 30.0, {}),
        write('a', 'dacs', 0, 40.0, signals(0.2, 1.0)),
        write('a', 'dacs_x', 0, 41.0, signals(0.3, 1.0)),
    ]
    assert tool.read_run(files[0]) is None
    run_tool('benchmarks/signal_choice.py', *files, '--at', '500')
    assert ' from source ' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        ('{"student": {"mIoU": 1, "mAcc": 1}}', "KeyError: 'signals'"),
        ('{"signals": [1], "student": {}}', 'AttributeError'),
        ('{"signals": {"a": [[1]]}}', 'ValueError'),
        ('no json', 'JSONDecodeError'),
    ],
)
def test_other_files_are_named(tool, tmp_path, content, said):
    file = tmp_path / 'x_seed0.json'
    file.write_text(content)
    with pytest.raises(ValueError, match=said) as error:
        tool.read_run(str(file))
    assert str(file) in str(error.value)
    with pytest.raises(FileNotFoundError, match='no file'):
        tool.read_run('missing.json')


def test_a_missing_baseline_ends_with_a_line(write, run_tool):
    file = write('a', 'dacs_x', 0, 40.0, signals(0.1, 1.0))
    with pytest.raises(SystemExit, match=r'builds on dacs, .* are dacs_x'):
        run_tool('benchmarks/signal_choice.py', file)


def test_an_iteration_that_no_run_noted_is_named(write, run_tool):
    files = [
        write('a', 'dacs', 0, 40.0, signals(0.2, 1.0)),
        write('a', 'dacs_x', 0, 41.0, signals(0.3, 1.0)),
    ]
    with pytest.raises(SystemExit, match='--at 400: no run .* of 500'):
        run_tool('benchmarks/signal_choice.py', *files, '--at', 500, 400)
