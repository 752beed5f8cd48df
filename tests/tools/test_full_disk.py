"""Checkpoints are whole or not there, and the last good one stays."""

import errno
import sys

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmseg_balance.engine.hooks import checkpoint_hook
from mmseg_balance.files import disk_space
from mmseg_balance.files.disk_space import checkpoint_size, copies_kept
from mmseg_balance.runs.work_dir import latest_checkpoint

KEEP_ONE = {'default_hooks.checkpoint.max_keep_ckpts': 1}


@pytest.fixture
def free(monkeypatch):
    """Set the free space, which first is that of the machine."""

    def free(number):
        for module in (disk_space, checkpoint_hook):
            monkeypatch.setattr(module, 'free_space', lambda _: number)

    return free


def test_only_the_last_is_kept(run_tool, tiny_config, tmp_path):
    config = tiny_config(
        **KEEP_ONE,
        **{
            'default_hooks.checkpoint.save_best': 'mIoU',
            'train_cfg.val_interval': 3,
        },
    )
    folder = tmp_path / 'run'
    folder.mkdir()
    (folder / '.iter_2.pth.7.tmp').touch()  # of a run that was killed
    run_tool('train.py', config, '--work-dir', folder)
    files = sorted(p.name for p in folder.glob('*.pth'))
    assert len(files) == 2 and files[1] == 'iter_6.pth'
    assert files[0].startswith('best_mIoU_iter_')
    assert not list(folder.glob('.*'))


@pytest.mark.parametrize('fails', ['before', 'while'])
def test_a_full_disk_leaves_the_last_good_one(
    run_tool, tiny_config, tmp_path, monkeypatch, fails
):
    """Also with max_keep_ckpts=1, whose file mmengine removes first."""
    write, wanted = disk_space.write_atomically, []

    def full(path, data):
        wanted.append(len(data))
        if len(wanted) == 2:
            raise OSError(errno.ENOSPC, 'No space left on device')
        write(path, data)
        if fails == 'before':
            monkeypatch.setattr(disk_space, 'free_space', lambda _: 1_500_000)
            monkeypatch.setattr(disk_space, 'MARGIN', 10**9)

    monkeypatch.setattr(disk_space, 'write_atomically', full)
    folder = tmp_path / 'run'
    with pytest.raises(SystemExit) as exit_:
        run_tool('train.py', tiny_config(**KEEP_ONE), '--work-dir', folder)
    text = str(exit_.value)
    size = (folder / 'iter_3.pth').stat().st_size
    assert text.startswith(f'error: {folder / "iter_6.pth"} takes ')
    assert f'takes {size / 1e6:.1f} MB, and {folder} has ' in text
    assert 'the earlier checkpoints are as they were' in text
    assert fails == 'while' or ' has 1.5 MB free' in text
    assert len(text.splitlines()) == 1 and 'traceback' not in text
    assert [p.name for p in folder.glob('*.pth')] == ['iter_3.pth']
    assert torch.load(folder / 'iter_3.pth')['meta']['iter'] == 3
    assert latest_checkpoint(folder) == folder / 'iter_3.pth'
    assert (folder / 'last_checkpoint').read_text().endswith('iter_3.pth')


def test_space_is_looked_at_before_the_first_iteration(
    run_tool, tiny_config, tmp_path, free, capfd, monkeypatch
):
    free(10_000)
    folder = tmp_path / 'run'
    with pytest.raises(
        SystemExit, match='error: a checkpoint of this run takes about .* MB'
    ):
        run_tool('train.py', tiny_config(), '--work-dir', folder)
    assert not list(folder.glob('*.pth'))
    free(3_000_000)
    monkeypatch.setattr(checkpoint_hook, 'checkpoint_size', lambda *_: 10**6)
    config = tiny_config(
        **{
            'default_hooks.checkpoint.interval': 1,
            'default_hooks.checkpoint.max_keep_ckpts': 4,
        }
    )
    run_tool('train.py', config, '--work-dir', folder)
    output = capfd.readouterr()
    line = '5 checkpoints of about 1.0 MB are to be written, and '
    assert line in output.out + output.err


@pytest.mark.parametrize(
    'kind, settings, copies',
    [
        ('SGD', dict(lr=1.0), 0),
        ('SGD', dict(lr=1.0, momentum=0.9), 1),
        ('Adam', dict(), 2),
        ('AdamW', dict(amsgrad=True), 3),
        ('Adagrad', dict(), 1),
        ('LBFGS', dict(), 2),  # needs a closure: taken for Adam
    ],
)
def test_the_size_of_a_checkpoint(tmp_path, kind, settings, copies):
    model = torch.nn.Linear(400, 500)
    optimizer = getattr(torch.optim, kind)(model.parameters(), **settings)
    assert copies_kept(optimizer) == copies
    if kind == 'LBFGS':
        return
    guess = checkpoint_size(model, OptimWrapper(optimizer))
    model(torch.ones(1, 400)).sum().backward()
    optimizer.step()
    file = tmp_path / 'a.pth'
    torch.save([model.state_dict(), optimizer.state_dict()], file)
    assert guess == pytest.approx(file.stat().st_size, rel=0.02)


def test_a_file_system_that_does_not_tell_its_size(tmp_path, monkeypatch):
    usage = disk_space.shutil.disk_usage(tmp_path)._replace
    for total, free, found in ((0, 0, sys.maxsize), (9, 0, 0), (9, 4, 4)):
        monkeypatch.setattr(
            disk_space.shutil,
            'disk_usage',
            lambda _, t=total, f=free: usage(total=t, used=0, free=f),
        )
        assert disk_space.free_space(tmp_path / 'missing') == found
