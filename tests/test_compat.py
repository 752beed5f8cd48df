"""Each work-around is needed still, and does what it is there for.

A test named ``still_needed`` fails when upstream has mended what it works
around: then the work-around goes.
"""

import importlib.util
import subprocess
import sys
from importlib.metadata import requires

import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmseg_balance import compat

FULL_MMCV = not isinstance(sys.modules.get('mmcv._ext'), compat._MissingOps)


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(FULL_MMCV, reason='a full mmcv is installed')
def test_the_stub_of_compiled_ops_is_still_needed():
    plain = run('import mmseg.models')
    assert plain.returncode != 0 and 'mmcv._ext' in plain.stderr


@pytest.mark.skipif(FULL_MMCV, reason='a full mmcv is installed')
def test_a_compiled_op_says_how_to_get_it_when_it_is_called():
    from mmcv.ops import nms

    with pytest.raises(RuntimeError, match='pip install "mmcv==2.1.0"'):
        nms(torch.rand(4, 4), torch.rand(4), 0.5)


def checkpoint(path):
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    torch.save(dict(message_hub=dict(log_scalars=dict(loss=buffer))), path)
    return path


def test_allowed_checkpoint_types_are_still_needed(tmp_path):
    file = checkpoint(tmp_path / 'a.pth')
    load = f'import torch; torch.load({str(file)!r}, weights_only=True)'
    plain = run(f'import mmengine.logging; {load}')
    assert plain.returncode != 0 and 'weights_only' in plain.stderr
    ours = run(f'import mmseg_balance; {load}')
    assert ours.returncode == 0, ours.stderr


class Malicious:
    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


def test_checkpoints_cannot_reach_other_attributes(tmp_path):
    torch.save(Malicious(), tmp_path / 'a.pth')
    with pytest.raises(Exception, match='refused'):
        torch.load(tmp_path / 'a.pth', weights_only=True)
    assert (
        torch.load(checkpoint(tmp_path / 'b.pth'), weights_only=True)[
            'message_hub'
        ]['log_scalars']['loss'].mean()
        == 1.5
    )


def test_extra_requirements_are_still_needed():
    """Used upstream and asked for nowhere there."""
    asked = ' '.join(requires('mmsegmentation')).split('extra')[0]
    assert 'ftfy' not in asked and 'regex' not in asked
    folder = importlib.util.find_spec('mmengine').submodule_search_locations
    source = open(f'{folder[0]}/utils/package_utils.py').read()
    assert 'pkg_resources' in source


@pytest.mark.parametrize(
    'wanted, found',
    [('torch', '>=99'), ('a-package-that-is-not-there', '>=1')],
)
def test_other_versions_are_refused_by_name(monkeypatch, wanted, found):
    monkeypatch.setitem(compat.SUPPORTED, wanted, found)
    with pytest.raises(ImportError, match=f'pip install "{wanted}{found}"'):
        compat.check_versions()
