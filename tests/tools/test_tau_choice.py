"""tools/benchmarks/tau_choice.py on made-up sweeps."""

import json

import pytest
from scipy.stats import spearmanr

TAUS = [0.0, 0.1, 0.5, 1.0]
# two runs; each criterion and metric over the taus
FIRST = dict(
    mIoU=[40.0, 42.0, 45.0, 41.0],
    mAcc=[50.0, 52.0, 58.0, 60.0],
    snd=[1.0, 2.0, 4.0, 3.0],
    entropy=[0.1, 0.2, 0.3, 0.4],
    share_shift=[0.0, 1.0, 2.0, 3.0],
)
SECOND = dict(
    mIoU=[60.0, 59.0, 50.0, 30.0],
    mAcc=[70.0, 71.0, 65.0, 50.0],
    snd=[1.0, 2.0, 3.0, 4.0],
    entropy=[0.5, 0.4, 0.6, 0.7],
    share_shift=[0.0, 1.0, 2.0, 3.0],
)
METRICS = ('mIoU', 'mAcc')


@pytest.fixture
def tool(run_tool):
    return run_tool.load('benchmarks/tau_choice.py')


@pytest.fixture
def write(tmp_path):
    def write(name, columns, taus=TAUS, **changes):
        rows = [
            {key: values[i] for key, values in columns.items()}
            for i in range(len(taus))
        ]
        content = dict(
            labels=True,
            scores=[
                dict(tau=t) | {k: row[k] for k in METRICS if k in row}
                for t, row in zip(taus, rows)
            ],
            criteria=[
                dict(tau=t) | {k: row[k] for k in row if k not in METRICS}
                for t, row in zip(taus, rows)
            ],
        )
        path = tmp_path / f'{name}.json'
        path.write_text(json.dumps(content | changes))
        return path

    return write


def compared(run_tool, tmp_path, *args):
    out = tmp_path / 'rows.json'
    run_tool('benchmarks/tau_choice.py', *args, '--out', out)
    rows = json.loads(out.read_text())['rows']
    return {row['chooses']: row for row in rows}


def refusal(run_tool, *args):
    with pytest.raises(SystemExit) as exit_:
        run_tool('benchmarks/tau_choice.py', *args)
    assert len(str(exit_.value).splitlines()) == 1
    return str(exit_.value)


def test_sums_by_hand(run_tool, write, tmp_path, capsys):
    files = write('first', FIRST), write('second', SECOND)
    rows = compared(run_tool, tmp_path, *files)
    assert [*rows] == [
        *('snd', 'entropy', 'share_shift'),
        *('tau 0', 'tau 0.1', 'tau 0.5', 'tau 1'),
    ]
    for name, sign in (('snd', 1), ('entropy', -1), ('share_shift', -1)):
        for metric in METRICS:
            expected = [
                sign * spearmanr(run[name], run[metric]).statistic
                for run in (FIRST, SECOND)
            ]
            assert rows[name][f'{metric}_rho'] == pytest.approx(
                sum(expected) / 2
            )
    # SND takes 0.5 and 1: 0 and 60 - 30 points below
    assert rows['snd']['taus'] == [0.5, 1.0]
    assert rows['snd']['mIoU_regret'] == 15
    assert rows['snd']['mIoU_worst'] == 30
    assert rows['snd']['mAcc_regret'] == pytest.approx((2 + 21) / 2)
    # entropy takes 0 and 0.1
    assert rows['entropy']['taus'] == [0.0, 0.1]
    assert rows['entropy']['mIoU_regret'] == (5 + 1) / 2
    assert rows['entropy']['mAcc_regret'] == (10 + 0) / 2
    # what cannot choose has correlations alone
    assert rows['share_shift']['taus'] == [None, None]
    assert rows['share_shift']['mIoU_regret'] is None
    fixed = {tau: rows[f'tau {tau:g}']['mIoU_regret'] for tau in TAUS}
    assert fixed == {0.0: 2.5, 0.1: 2.0, 0.5: 5.0, 1.0: 17.0}
    assert rows['tau 1']['mIoU_rho'] is None
    printed = capsys.readouterr().out
    least = 'regret, of those that choose in every run'
    assert f'mIoU {least}: tau 0.1 (2.00)' in printed
    assert f'mAcc {least}: tau 0.1, tau 0.5 (4.00)' in printed
    line = next(x for x in printed.splitlines() if x.startswith('| snd'))
    assert line.split('|')[4].strip() == '15.00' and line.endswith('| 2 |')
    assert 'rows of fewer runs' not in printed


def test_ties_and_missing_criteria_do_not_choose(
    run_tool, write, tmp_path, capsys
):
    tied = dict(FIRST, snd=[2.0] * 4, flip_iou=[1.0, None, 2.0, 3.0])
    del tied['entropy']
    files = write('first', tied), write('second', SECOND)
    rows = compared(run_tool, tmp_path, *files)
    assert rows['snd']['taus'] == [None, 1.0]
    assert rows['entropy']['taus'] == [None, 0.1]
    assert rows['flip_iou']['taus'] == [None, None]
    assert rows['flip_iou']['mIoU_rho'] is None
    # of the second run alone
    assert rows['snd']['mIoU_rho'] == pytest.approx(-1)
    assert rows['snd']['mIoU_regret'] == 30
    printed = capsys.readouterr().out
    assert 'rows of fewer runs are means over these alone' in printed
    # which are not the least of all
    assert 'every run: tau 0.1 (2.00)' in printed


def test_classifiers_have_accuracies_alone(run_tool, write, tmp_path, capsys):
    files = []
    for i, run in enumerate((FIRST, SECOND)):
        columns = {k: v for k, v in run.items() if k != 'mIoU'}
        files.append(write(str(i), columns))
    rows = compared(run_tool, tmp_path, *files)
    assert rows['snd']['mAcc_regret'] == pytest.approx(11.5)
    assert not any('mIoU' in key for key in rows['snd'])
    assert 'mIoU' not in capsys.readouterr().out


def test_other_fixed_taus(run_tool, write, tmp_path):
    grid = [0.0, 0.25, 0.5, 2.0]
    file = write('grid', FIRST, taus=grid)
    message = refusal(run_tool, file)
    assert 'has no tau 0.1, 1: sweep with --taus' in message
    rows = compared(run_tool, tmp_path, file, '--fixed', '0.25', '2')
    assert rows['tau 2']['mIoU_regret'] == 4
    assert rows['tau 0.25']['mAcc_regret'] == 8


def test_files_that_cannot_be_compared(run_tool, write, tmp_path):
    first = write('first', FIRST)
    assert 'no file none.json: make it' in refusal(run_tool, 'none.json')
    copy = write('copy', FIRST)
    assert 'are the same sweep' in refusal(run_tool, first, copy)
    for name, changes, message in (
        ('unlabelled', dict(labels=False), 'without labels'),
        ('without', dict(criteria=[]), 'no criteria: sweep again'),
        ('other', dict(scores=[]), 'of the same taus'),
        ('older', dict(criteria=None), 'is no tau_sweep.json'),
    ):
        assert message in refusal(run_tool, write(name, FIRST, **changes))
    broken = tmp_path / 'broken.json'
    broken.write_text('{')
    assert 'is no tau_sweep.json' in refusal(run_tool, broken)
