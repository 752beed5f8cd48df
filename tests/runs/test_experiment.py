import pytest
import torch
from mmengine.config import Config

from mmseg_balance.runs.experiment import Experiment, fingerprint, run_tool
from mmseg_balance.runs.records import code

TRAIN = """
import sys, torch
open('calls.txt', 'a').write(' '.join(sys.argv[1:]) + chr(10))
folder = sys.argv[sys.argv.index('--work-dir') + 1]
torch.save({}, folder + '/iter_4.pth')
"""
TEST = """
import json, sys
open('calls.txt', 'a').write(' '.join(sys.argv[1:]) + chr(10))
folder = sys.argv[sys.argv.index('--work-dir') + 1]
json.dump(dict(mIoU=12.5), open('scores.json', 'w'))
print(f'scores: {sys.path[0]}/../scores.json  log: x.log')
"""


@pytest.fixture
def root(tmp_path):
    """A repository with tools that only note how they are called."""
    root = tmp_path / 'repository'
    (root / 'tools').mkdir(parents=True)
    (root / 'tools' / 'train.py').write_text(TRAIN)
    (root / 'tools' / 'test.py').write_text(TEST)
    (root / 'config.py').write_text('train_cfg = dict(max_iters=4)\nlr = 1\n')
    return root


def test_fingerprint_depends_on_everything(tmp_path, monkeypatch):
    package = tmp_path / 'package'
    (package / 'sub').mkdir(parents=True)
    (package / 'sub' / 'a.py').write_text('a = 1\n')
    monkeypatch.setattr(code, 'PACKAGE', package)
    cfg = Config(dict(lr=1))
    first = fingerprint(cfg, 0, {})
    assert fingerprint(Config(dict(lr=1)), 0, {}) == first
    assert len(first) == 12
    others = {
        fingerprint(Config(dict(lr=2)), 0, {}),
        fingerprint(cfg, 1, {}),
        fingerprint(cfg, 0, {'lr': 1}),
    }
    (package / 'sub' / 'a.py').write_text('a = 2\n')
    others.add(fingerprint(cfg, 0, {}))
    (package / 'sub' / 'a.py').rename(package / 'sub' / 'b.py')
    others.add(fingerprint(cfg, 0, {}))
    monkeypatch.setattr(torch, '__version__', '0.0')
    others.add(fingerprint(cfg, 0, {}))
    assert len(others | {first}) == 7


def test_trains_once_with_a_relative_folder(root, tmp_path, monkeypatch):
    (tmp_path / 'elsewhere').mkdir()
    monkeypatch.chdir(tmp_path / 'elsewhere')
    run = Experiment(root, 'config.py', 'out', {'lr': 2}, seed=3, name='run')
    assert run.folder.parent == tmp_path / 'elsewhere' / 'out'
    assert run.folder.name == f'run-{run.fingerprint}'
    run.train()
    run.train()
    scores = run.test('teacher', ['--out', 'x'], {'model.part': 'teacher'})
    assert scores == dict(mIoU=12.5)
    config, folder = root / 'config.py', run.folder
    assert (root / 'calls.txt').read_text().splitlines() == [
        f'{config} --work-dir {folder} --resume --seed 3 --cfg-options lr=2',
        f'{config} {folder}/iter_4.pth --work-dir {folder}/teacher '
        '--out x --cfg-options lr=2 model.part=teacher',
    ]


def test_other_settings_and_cut_checkpoints(root, tmp_path):
    run = Experiment(root, 'config.py', tmp_path / 'out')
    folders = {
        Experiment(root, 'config.py', tmp_path / 'out', *changes).folder
        for changes in [(), ({'lr': 2},), ({}, 1)]
    }
    assert len(folders) == 3 and run.folder in folders
    run.folder.mkdir(parents=True)
    (run.folder / 'iter_4.pth').write_bytes(b'PK cut short')
    assert run.checkpoint is None
    run.train()
    assert run.checkpoint == run.folder / 'iter_4.pth'
    other = Experiment(
        root, 'config.py', tmp_path / 'out', {'train_cfg.max_iters': 5}
    )
    with pytest.raises(RuntimeError, match=r'left no iter_5\.pth'):
        other.train()


def test_changed_sources_are_noticed(root, tmp_path, monkeypatch):
    package = tmp_path / 'package'
    package.mkdir()
    (package / 'a.py').write_text('a = 1\n')
    monkeypatch.setattr(code, 'PACKAGE', package)
    run = Experiment(root, 'config.py', tmp_path / 'out')
    assert run.is_current()
    (package / 'a.py').write_text('a = 2\n')
    assert not run.is_current()


def test_failure_shows_the_end_of_the_output(tmp_path):
    tool = tmp_path / 'tool.py'
    tool.write_text(
        'for i in range(30): print("line", i)\nraise SystemExit("error: no")'
    )
    seen = []
    with pytest.raises(RuntimeError, match='tools/tool.py failed, see') as e:
        run_tool([tool], tmp_path / 'log' / 'tool.txt', seen.append)
    assert 'error: no' in str(e.value) and 'line 1\n' not in str(e.value)
    assert seen[:2] == ['line 0\n', 'line 1\n'] and len(seen) == 31
    assert (tmp_path / 'log' / 'tool.txt').read_text() == ''.join(seen)
