"""A run that is killed and resumed, against one that is left alone."""

import signal
import time

import pytest
import torch
from helpers.comparison import assert_equal, losses
from helpers.paths import ROOT


@pytest.mark.parametrize(
    'method, iters, killed, banks',
    [
        ('dacs', 16, 4, 18),
        ('mic-on-hrda', 10, 3, 36),
        ('cdac', 10, 3, 18),
        ('balance', 16, 4, 18),
    ],
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    method, iters, killed, banks, write_config, start, fork, tmp_path
):
    config = write_config(iters, max(killed // 2, 1), method=method)
    train = ('train.py', config, '--work-dir')
    whole = fork(*train, tmp_path / 'whole')
    output = whole.communicate()[0]
    assert whole.returncode == 0, output

    work_dir = tmp_path / 'killed'
    process = fork(*train, work_dir)
    deadline = time.time() + 600
    while not (work_dir / f'iter_{killed}.pth').exists():
        assert process.poll() is None and time.time() < deadline, (
            process.communicate()[0]
        )
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    reached = max(losses(work_dir))
    assert reached < iters

    train = ('python', ROOT / 'tools/train.py', config, '--work-dir')
    resumed = start(*train, work_dir, '--resume')
    output = resumed.communicate()[0]
    assert resumed.returncode == 0, output
    first, again = losses(tmp_path / 'whole'), losses(work_dir)
    assert list(first) == list(range(1, iters + 1))
    assert first == again  # losses, learning rate, diagnostics

    a, b = (
        torch.load(folder / f'iter_{iters}.pth', weights_only=True)
        for folder in (tmp_path / 'whole', work_dir)
    )
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_equal(a[part], b[part], part)
    assert sum('.statistics.' in k for k in a['state_dict']) == banks
    steps = {
        domain: next(
            value
            for key, value in a['state_dict'].items()
            if key.endswith(f'.statistics.{domain}.step')
        )
        for domain in ('source', 'target')
    }
    assert steps['source'] > iters // 2
    assert steps['target'] > 0
    if method == 'balance':
        counts = [k for k in a['state_dict'] if k.endswith('counts.pixels')]
        assert len(counts) == 3  # those of a data set are read anew
        assert all(a['state_dict'][k].sum() > 0 for k in counts)
    assert any(k.startswith('teacher.') for k in a['state_dict'])
