"""``mmseg-balance compare`` on trainings and tests as they are."""

import json
import re

import numpy as np
import pytest

from mmseg_balance.cli.main import main
from mmseg_balance.runs.comparison.page import content as page


@pytest.fixture
def runs(tiny_config, run_tool, tmp_path):
    """Two configs, two seeds of one of them, tested; and the folders."""
    folders = []
    for rate, seeds in ((0.05, (0, 1)), (0.2, (0,))):
        change = {'optim_wrapper.optimizer.lr': rate}
        for seed in seeds:
            config = tiny_config(**change)
            work = tmp_path / f'work_{rate}_{seed}'
            run_tool('train.py', config, '--work-dir', work, '--seed', seed)
            run_tool(
                *('test.py', config, work / 'iter_6.pth'),
                *('--work-dir', work / 'test', '--out', work / 'maps'),
            )
            folders.append(str(work))
    return folders


def test_table_page_and_files(runs, capsys, tmp_path, monkeypatch):
    shown = []
    write = page.write_page
    monkeypatch.setattr(
        page,
        'write_page',
        lambda path, content: (shown.append(content), write(path, content)),
    )
    capsys.readouterr()
    html, out = tmp_path / 'page.html', tmp_path / 'scores.json'
    names = ['--names', 'slow', 'fast']
    main(['compare', *runs, *names, '--classes', '--samples', '2',
          '--html', str(html)])  # fmt: skip
    text = capsys.readouterr().out
    assert re.search(r'^\| slow +\| .* \+- .* \|     2 \|$', text, re.M)
    assert re.search(r'^\| fast +\| [ \d.|]+ \|     1 \|$', text, re.M)
    assert re.search(r'^\| fast - slow +\|    mIoU ', text, re.M)
    assert 'IoU of each class' in text and 'one seed, so no spread' in text
    assert f'wrote {html}' in text
    (content,) = shown
    assert html.stat().st_size > 10000
    assert content.classes == ('sky', 'road', 'car')
    # 5 images of 40 x 48 without the two ignored rows, two seeds
    assert content.methods[0].confusion.sum() == 2 * 5 * 38 * 48
    assert {s.name for s in content.samples} <= {f'{i}.png' for i in range(5)}
    assert [*content.samples[0].predictions] == ['slow', 'fast']
    main(['compare', *runs, *names, '--format', 'json', '--out', str(out)])
    found = json.loads(out.read_text())
    slow = found['methods'][0]
    values = [run['scores']['mIoU'] for run in slow['runs']]
    assert slow['scores']['mIoU']['mean'] == pytest.approx(np.mean(values))
    with pytest.raises(SystemExit, match='scores.json exists: .*--overwrite'):
        main(['compare', *runs, '--out', str(out)])


def test_predictions_that_were_not_saved_are_made(runs, tmp_path):
    from mmseg_balance.runs.comparison.compared import compare_runs
    from mmseg_balance.runs.comparison.page.samples import find_samples

    groups = compare_runs(runs[1:]).groups
    saved, _ = find_samples(groups, 3)
    for folder in runs:
        for file in (tmp_path / folder / 'maps').glob('*.png'):
            file.unlink()
    made, notes = find_samples(groups, 3)
    assert len(made) == len(saved) == 3 and len(notes) == 1
    for ours, theirs in zip(made, saved, strict=True):
        assert ours.name == theirs.name
        for name, classes in ours.predictions.items():
            assert np.array_equal(classes, theirs.predictions[name])


@pytest.mark.parametrize(
    'words, message',
    [
        (['nowhere'], 'nowhere does not exist: name a work folder'),
        (['.', '--baseline', 'a', '--all-pairs'], 'do not go together'),
        (['.', '--samples', '-1'], '--samples to be at least 0, got -1'),
        (['.', '--out', 'x', '--html', 'x'], '--out and --html are both x'),
        (['.'], 'no result to compare: .: no scores of a test and no vali'),
    ],
)
def test_what_cannot_work_is_one_line(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=message):
        main(['compare', *words])
