"""Wrong inputs through the real tools: one line that names what to mend.

    MMSEG_BALANCE_TABLE=docs/reliability.md \\
        python -m pytest tests/tools/test_bad_input.py -n0

writes the table of the cases into that page.
"""

import os
import pickle
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.bad_inputs import CASES
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmseg.registry import HOOKS, MODELS

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

PAGE = os.environ.get('MMSEG_BALANCE_TABLE')
CLASSES = ('sky', 'road', 'car')
# of every run here, and of none of its cases
SILENT = r'The prefix|"FileClient"|train_cfg.val_interval|\S+\.warmup is'


@HOOKS.register_module()
class VanishingHook(Hook):
    """Takes the data away while a training runs."""

    def __init__(self, folder):
        self.folder = folder

    def after_train_iter(self, runner, *args, **kwargs):
        shutil.rmtree(self.folder, ignore_errors=True)


class RunsCode:
    """What a hostile pickle holds."""

    def __reduce__(self):
        return os.mkdir, ('was_run',)


class Kit:
    """What cases spoil, and the commands that get it."""

    def __init__(self, root, data, tiny_config, monkeypatch):
        self.root = root
        self._patch = monkeypatch
        self._data = data
        self._config = tiny_config

    def train(self, *args, **changes):
        """A training of two iterations without validation."""
        changes = {
            'train_cfg.max_iters': 2,
            'param_scheduler.0.end': 2,
            'custom_hooks': [],
            **changes,
        }
        work_dir = [] if '--work-dir' in args else ['--work-dir', 'run']
        return 'train.py', self._config(**changes), *work_dir, *args

    def train_on(self, root, **changes):
        """The same on other data."""
        for loader in ('train', 'val', 'test'):
            key = f'{loader}_dataloader.dataset.data_root'
            changes.setdefault(key, str(root))
        return self.train(**changes)

    def train_uda(self, root=None, **changes):
        """DACS, with the validation images as its target."""
        path = self._config()
        cfg = Config.fromfile(path)
        data = cfg.train_dataloader.dataset
        if root is not None:
            data.data_root = str(root)
        target = dict(data, data_prefix=dict(img_path='img/val'))
        target['pipeline'] = [data.pipeline[0], data.pipeline[2]]
        changes = {
            'model': dict(_delete_=True, type='DACS', segmentor=cfg.model),
            'train_dataloader.dataset': dict(
                _delete_=True, type='UDADataset', source=data, target=target
            ),
            'custom_hooks': [
                dict(type='IterationSeedHook'),
                dict(type='TeacherUpdateHook'),
            ],
            'model_wrapper_cfg': dict(type='UDAModelWrapper'),
            **changes,
        }
        return self.train(**changes)

    def test(self, checkpoint, *args):
        """An evaluation."""
        options = ('--work-dir', 'out', *args)
        return 'test.py', self._config(), checkpoint, *options

    def segmentor(self):
        """Config of the tiny segmentor."""
        return Config.fromfile(self._config()).model

    def write_config(self, text):
        """A training with a config of this text."""
        path = self.root / 'written.py'
        path.write_text(text)
        return 'train.py', path, '--work-dir', 'run'

    def data(self):
        """A copy of the data, to be spoiled."""
        return shutil.copytree(self._data, self.root / 'data')

    def folder(self, name):
        """An empty folder."""
        (self.root / name).mkdir()
        return self.root / name

    def freeze(self, folder):
        """As on a read-only disk; permissions would not stop root."""
        access = os.access

        def frozen(path, mode):
            inside = Path(path).is_relative_to(folder)
            return not (inside and mode & os.W_OK) and access(path, mode)

        self._patch.setattr(os, 'access', frozen)

    def write(self, path, image):
        """Write a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.asarray(image))

    def replace(self, path, content):
        """Write bytes."""
        path.write_bytes(content)

    def checkpoint(self, classes=CLASSES, **changes):
        """Weights of a segmentor, as a training saves them."""
        init_default_scope('mmseg')
        model = MODELS.build(Config.fromfile(self._config(**changes)).model)
        meta = dict(dataset_meta=dict(classes=classes))
        path = self.root / 'iter_6.pth'
        torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
        return path

    def cut_checkpoint(self):
        """The first part of a checkpoint."""
        path = self.checkpoint()
        path.write_bytes(path.read_bytes()[:2000])
        return path

    def hostile_checkpoint(self):
        """A pickle that makes a folder when it is read."""
        path = self.root / 'hostile.pth'
        with path.open('wb') as file:
            pickle.dump(RunsCode(), file)
        return path

    def statistics(self, checkpoint):
        """Fitted logit statistics of a checkpoint."""
        statistics = LogitStatistics(len(CLASSES))
        for name in ('anchors', 'source', 'target'):
            bank = getattr(statistics, name)
            bank.means.normal_(0, 1)
            bank.num_updates.fill_(1)
        path = self.root / 'statistics.pth'
        meta = dict(checkpoint=str(checkpoint), classes=list(CLASSES))
        save_statistics(path, statistics, meta)
        return path

    def loss(self, kind):
        """A balance loss for three classes."""
        cfg = dict(type=kind)
        if kind == 'BLDALoss':
            cfg.update(num_classes=3, min_samples=10)
        init_default_scope('mmseg')
        return MODELS.build(cfg).train()


@pytest.fixture
def kit(tmp_path, street_data, tiny_config, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Kit(tmp_path, street_data, tiny_config, monkeypatch)


@pytest.fixture(scope='module')
def table(tmp_path_factory):
    """Lines by case; written into the page at the end."""
    lines = {}
    yield lines
    if PAGE:
        from doc_block import replace_block
        from doc_block import table as markdown

        rows = [(c.group, c.what, lines.get(c, '')) for c in CASES]
        header = ('of', 'what is wrong', 'what is said')
        replace_block(Path(PAGE), 'bad inputs', markdown(header, rows))


@pytest.mark.parametrize('case', CASES, ids=lambda c: f'{c.group}-{c.what}')
def test_bad_input(case, kit, run_tool, capsys, table):
    command = case.make(kit)
    said = command
    if not isinstance(command, str):
        try:
            run_tool(*command)
            said = warned(capsys) or 'nothing'
        except SystemExit as error:
            said = error.code
            if not isinstance(said, str):
                said = last_line(capsys)
    said = shorten(said, kit.root)
    table[case] = said
    assert not (kit.root / 'was_run').exists()
    if os.environ.get('SHOW'):
        with open(os.environ['SHOW'], 'a') as file:
            file.write(f'{case.group} | {case.what} | {said}\n')
    for pattern in case.expected:
        assert re.search(pattern, said), said


def warned(capsys):
    """First warning or note of a run that was not refused."""
    output = capsys.readouterr()
    found = re.search(
        rf'(?:warning: |note: | WARNING - )(?!{SILENT})(.+)',
        output.err + output.out,
    )
    return found and f'goes on: {found[1]}'


def last_line(capsys):
    output = capsys.readouterr()
    lines = (output.err or output.out).strip().splitlines()
    return lines[-1] if lines else ''


def shorten(said, root):
    """Without what changes from run to run."""
    said = said.replace(f'{root}/', '').replace(str(root), '.')
    said = re.sub(r'error_[\d_]+\.txt', 'error_<time>.txt', said)
    said = re.sub(r' at 0x[0-9a-f]+', '', ' '.join(said.split()))
    said = re.sub(re.escape(root.name) + r'_\d+', 'config', said)
    return said
