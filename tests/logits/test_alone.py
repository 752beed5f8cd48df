"""The logits where nothing is installed but torch, numpy and scipy."""

import os
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import torch
from helpers.paths import ROOT
from mmengine.logging import HistoryBuffer
from torch import nn

from mmseg_balance.models.losses import BLDALoss

EXAMPLES = ROOT / 'docs' / 'examples'
ALONE = """
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

class Only:
    there = {*sys.stdlib_module_names, *sys.argv[1].split()}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        first = name.partition('.')[0]
        if first in cls.there or first.startswith('_sysconfigdata'):
            return PathFinder.find_spec(name, path, target)

sys.meta_path[:] = BuiltinImporter, FrozenImporter, Only
"""


def modules_of(*packages: str) -> set[str]:
    """Modules of some packages and of what they depend on."""
    wanted, found = [*packages], set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += [
                re.match(r'[\w.-]+', line)[0].lower().replace('_', '-')
                for line in distribution(name).requires or ()
                if ';' not in line
            ]
    return {
        module
        for module, brought_by in packages_distributions().items()
        if found & {name.lower().replace('_', '-') for name in brought_by}
    }


def run(code: str, *arguments: str, path: tuple[Path, ...] = ()) -> None:
    """Run code in a process of its own; it must not fail."""
    path = (*path, ROOT, EXAMPLES)
    process = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | dict(PYTHONPATH=os.pathsep.join(map(str, path))),
    )
    assert process.returncode == 0, process.stderr


@pytest.fixture
def old_mmseg(tmp_path) -> Path:
    """A folder with an OpenMMLab of long ago."""
    for module in ('mmseg', 'mmcv'):
        (tmp_path / module).mkdir()
        (tmp_path / module / '__init__.py').write_text('__version__ = "0.30"')
        (tmp_path / module / 'apis.py').touch()
    return tmp_path


def test_everything_with_torch_alone(tmp_path, old_mmseg):
    """Train, save and load, and read a checkpoint of a training."""
    loss = BLDALoss(3, min_samples=5, warmup=0)
    logits, labels = torch.randn(2, 3, 9, 9), torch.randint(3, (2, 9, 9))
    loss.train()(logits, labels)
    loss.update_statistics()
    head = nn.ModuleDict(dict(decode_head=nn.ModuleDict()))
    head.decode_head.loss_decode = loss
    log = HistoryBuffer([1.0], [1])
    checkpoint = dict(
        state_dict={f'student.{k}': v for k, v in head.state_dict().items()},
        message_hub=dict(log_scalars=dict(loss=log)),
        meta=dict(iter=7, hook_msgs={}),
    )
    torch.save(checkpoint, tmp_path / 'iter_7.pth')
    code = f"""{ALONE}
import runpy
import torch
import mmseg_balance.logits as logits

assert all(getattr(logits, name).__doc__ for name in logits.__all__)
for example in ('balance_logits', 'long_tailed'):
    own = runpy.run_path(f'{EXAMPLES}/{{example}}.py')
own = own['model'].statistics
folder, meta = sys.argv[2], dict(classes=['a', 'b'])
logits.save_statistics(f'{{folder}}/own.pth', own, meta)
content = torch.load(f'{{folder}}/own.pth', weights_only=True)
assert content['meta'] == meta
again, _ = logits.load_statistics(f'{{folder}}/own.pth')
assert all(map(torch.equal, own.state_dict().values(),
               again.state_dict().values()))
trained, meta = logits.load_statistics(f'{{folder}}/iter_7.pth')
assert meta['iter'] == 7
torch.save(trained.state_dict(), f'{{folder}}/plain.pth')
for name in ('mmengine', 'mmcv', 'mmseg', 'timm', 'yaml', 'PIL', 'cv2'):
    assert name not in sys.modules
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        assert error.name == name
    else:
        raise AssertionError(name)

sys.path.insert(0, folder)
Only.there.update(['mmseg', 'mmcv'])
import mmseg.apis
assert mmseg.__version__ == '0.30'
"""
    there = modules_of('torch', 'numpy', 'scipy')
    there |= {'mmseg_balance', 'lightning_classifier'}
    run(code, ' '.join(there), str(tmp_path))
    expected = loss.statistics.state_dict()
    found = torch.load(tmp_path / 'plain.pth', weights_only=True)
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[k], v) for k, v in expected.items())
    assert found['source.num_updates'].all()


def test_beside_an_openmmlab_that_does_not_fit(old_mmseg):
    """What needs another says so; the logits do not care."""
    run(
        'import torch, mmseg\n'
        'from mmseg_balance.logits import LogitStatistics\n'
        'import mmseg.apis\n'
        'assert LogitStatistics(3).source.shape == (3, 3)\n'
        'try:\n'
        '    import mmseg_balance.models\n'
        'except ImportError as error:\n'
        '    assert "mmcv 0.30: pip install" in str(error)\n'
        'else:\n'
        '    raise AssertionError',
        path=(old_mmseg,),
    )
