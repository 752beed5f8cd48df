"""Each work-around is needed still, and does what it is there for.

A test named ``still_needed`` fails when upstream has mended what it works
around: then the work-around goes.
"""

import importlib.util
import subprocess
import sys
import warnings
from importlib.metadata import PackageNotFoundError, requires, version
from pickle import UnpicklingError
from types import ModuleType

import mmcv
import mmengine
import mmseg
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.model import ImgDataPreprocessor
from mmengine.runner import checkpoint as checkpoint_module
from mmseg.models import SegDataPreProcessor
from packaging.version import Version

from mmseg_balance import compat
from mmseg_balance.cli import main
from mmseg_balance.compat import versions, workarounds
from mmseg_balance.runs.records import code

FORK = Version(mmseg.__version__) >= compat.WITHOUT_OPS
NO_STUB = not isinstance(sys.modules.get('mmcv._ext'), workarounds._MissingOps)
NO_STUB_REASON = 'a full mmcv, or onedl-mmsegmentation, is installed'
upstream_only = pytest.mark.skipif(FORK, reason='mended in the forks')


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(NO_STUB, reason=NO_STUB_REASON)
def test_the_stub_of_compiled_ops_is_still_needed():
    plain = run('import mmseg.models')
    assert plain.returncode != 0 and 'mmcv._ext' in plain.stderr


@pytest.mark.skipif(NO_STUB, reason=NO_STUB_REASON)
def test_a_compiled_op_says_how_to_get_it_when_it_is_called():
    from mmcv.ops import soft_nms

    with pytest.raises(RuntimeError, match='pip install "mmcv==2.1.0"'):
        soft_nms(torch.rand(4, 4), torch.rand(4), 0.5)


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


@upstream_only
def test_extra_requirements_are_still_needed():
    """Used upstream and asked for nowhere there."""
    asked = ' '.join(requires('mmsegmentation')).split('extra')[0]
    assert 'ftfy' not in asked and 'regex' not in asked
    folder = importlib.util.find_spec('mmengine').submodule_search_locations
    source = open(f'{folder[0]}/utils/package_utils.py').read()
    assert 'pkg_resources' in source


def test_a_full_mmcv_and_the_forks_get_no_stub(monkeypatch):
    monkeypatch.delitem(sys.modules, 'mmcv._ext', raising=False)
    monkeypatch.setattr(mmseg, '__version__', '1.4.2')
    compat.stub_compiled_ops()
    assert 'mmcv._ext' not in sys.modules
    monkeypatch.setattr(mmseg, '__version__', '1.2.2')
    compiled = ModuleType('mmcv._ext')
    monkeypatch.setattr(
        importlib.util, 'find_spec', {'mmcv._ext': compiled}.get
    )
    compat.stub_compiled_ops()
    assert 'mmcv._ext' not in sys.modules


@pytest.fixture
def packages(monkeypatch):
    """Stand for the packages that are installed: folders by their names."""

    def install(**folders):
        class Found:
            def __init__(self, folder):
                self.locate_file = lambda module: f'{folder}/{module}'

        def distribution(name):
            if name not in folders:
                raise PackageNotFoundError(name)
            return Found(folders[name])

        monkeypatch.setattr(versions, 'distribution', distribution)

    return install


@pytest.mark.parametrize(
    ('module', 'found', 'fork', 'said'),
    [
        ('torch', '2.5.1', False, ('torch>=2.6, f', 'install "torch>=2.6"')),
        ('mmengine', '1.0', False, ('install "mmengine>=0.10.0,<0.11"',)),
        ('mmengine', '1.0', True, ('install "onedl-mmengine>=0.10.8,<0.11"',)),
        ('mmcv', '2.2.0', False, ('install "mmcv-lite>=2.0.0rc4,<2.2.0"',)),
        ('mmseg', '1.3.3', True, ('install "onedl-mmsegmentation>=1.4.0,',)),
        ('mmseg', None, False, ('install "mmseg_balance[lite]"',)),
        ('mmseg', None, True, ('install "mmseg_balance[onedl]"',)),
    ],
)
def test_other_versions_are_refused(
    monkeypatch, packages, module, found, fork, said
):
    packages(**({'onedl-mmengine': '/a'} if fork else {}))
    if found:
        monkeypatch.setattr(f'{module}.__version__', found)
        said = (*said, f'found {module} {found}: pip install')
    else:
        monkeypatch.setitem(
            versions.SUPPORTED, 'a_module_that_is_not_there', ('a>=1', 'b>=1')
        )
        said = (*said, 'mmseg_balance needs a>=1 or b>=1, found none: pip')
    with pytest.raises(ImportError) as raised:
        compat.check_versions()
    for part in said:
        assert part in str(raised.value)


def test_a_module_that_fails_is_not_said_to_be_missing(monkeypatch, tmp_path):
    (tmp_path / 'broken_one.py').write_text('import nothing_of_this_name\n')
    (tmp_path / 'broken_two.py').write_text('assert False, "too old"\n')
    monkeypatch.syspath_prepend(tmp_path)
    for module, reason in (
        ('broken_one', "No module named 'nothing_of_this_name'"),
        ('broken_two', 'too old'),
    ):
        monkeypatch.setattr(versions, 'SUPPORTED', {module: ('a>=1',)})
        with pytest.raises(
            ImportError, match=f'{module} is installed and .*{reason}'
        ):
            compat.check_versions()


def test_the_command_line_says_what_is_missing(monkeypatch):
    def run_command(*args):
        import a_module_that_is_not_there  # noqa: F401

    monkeypatch.setattr(main, 'run_command', run_command)
    with pytest.raises(ModuleNotFoundError, match='a_module_that_is_not'):
        main.main(['train', 'a.py'])  # nothing of OpenMMLab's
    monkeypatch.setitem(
        versions.SUPPORTED, 'a_module_that_is_not_there', ('a>=1', 'b>=1')
    )
    with pytest.raises(SystemExit, match='error: mmseg_balance needs a>=1 or'):
        main.main(['train', 'a.py'])


def test_versions_are_those_of_the_modules(monkeypatch, packages):
    """Whatever the packages are called that brought them."""
    monkeypatch.setattr(mmengine, '__version__', '0.10.12')
    monkeypatch.setattr(mmcv, '__version__', '2.3.6')
    monkeypatch.setattr(mmseg, '__version__', '1.4.2')
    packages()  # none has a name that is known
    compat.check_versions()
    found = code.versions()
    assert found['mmengine'] == '0.10.12'
    assert (found['mmcv'], found['mmseg']) == ('2.3.6', '1.4.2')
    monkeypatch.undo()
    if not FORK:
        assert code.versions()['mmseg'] == version('mmsegmentation')


def test_packages_over_each_other_are_named(packages):
    here = {'mmengine': '/a', 'mmcv-lite': '/a', 'onedl-mmsegmentation': '/a'}
    packages(**here)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        compat.warn_of_overwritten()
        # in front of the other on the path: whole, and taken alone
        packages(**here, **{'onedl-mmengine': '/b'})
        compat.warn_of_overwritten()
    packages(**here, **{'onedl-mmengine': '/a'})
    with pytest.warns(
        UserWarning,
        match='mmengine and onedl-mmengine are installed over each other in '
        '/a/mmengine.*: pip uninstall mmengine onedl-mmengine',
    ):
        compat.warn_of_overwritten()


def test_a_setuptools_that_is_too_new_is_named(monkeypatch):
    monkeypatch.setattr(mmengine, '__version__', '0.10.7')
    monkeypatch.setattr(importlib.util, 'find_spec', {}.get)
    with pytest.warns(UserWarning, match='pip install "setuptools<81"'):
        compat.warn_of_missing_pkg_resources()
    monkeypatch.setattr(mmengine, '__version__', '0.10.12')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        compat.warn_of_missing_pkg_resources()


def test_what_is_refused_is_not_read_another_way(monkeypatch, tmp_path):
    """As onedl-mmengine does, for addresses that this package leaves alone."""
    monkeypatch.setattr(
        checkpoint_module, '_safe_torch_load', torch.load, raising=False
    )
    monkeypatch.setattr(checkpoint_module, 'load_from_local', None)
    monkeypatch.setattr(checkpoint_module, 'load_from_http', None)
    compat.load_weights_safely()
    torch.save(Malicious(), tmp_path / 'a.pth')
    for weights_only in (None, False):
        with pytest.raises(UnpicklingError, match='refused'):
            checkpoint_module._safe_torch_load(
                tmp_path / 'a.pth', weights_only=weights_only
            )


def test_stock_configs_are_those_of_the_fork(monkeypatch, packages, tmp_path):
    names = {'mmseg': 'mmsegmentation'}
    monkeypatch.setattr('mmengine.config.utils.MODULE2PACKAGE', names)
    packages()
    compat.find_configs_of_fork()
    assert names == {'mmseg': 'mmsegmentation'}
    packages(**{'onedl-mmsegmentation': '/a'})
    compat.find_configs_of_fork()
    assert names == {'mmseg': 'onedl-mmsegmentation'}
    monkeypatch.undo()
    config = tmp_path / 'config.py'
    config.write_text("_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'\n")
    assert Config.fromfile(config).model.decode_head.type == 'FCNHead'


@upstream_only
def test_the_text_of_a_config_is_laid_out_once(monkeypatch):
    """Still needed: mmengine does so each time it is asked for."""
    texts = []

    def format_code(text, **kwargs):
        texts.append(text)
        return text, True

    monkeypatch.setattr('mmengine.config.config.FormatCode', format_code)
    cfg = Config(dict(lr=1))
    assert cfg.pretty_text == cfg.pretty_text and len(texts) == 2
    for _ in range(2):
        compat.format_configs_once()
    assert cfg.pretty_text == cfg.pretty_text and len(texts) == 3
    assert Config(dict(lr=2)).pretty_text != cfg.pretty_text
    assert len(texts) == 4


@pytest.mark.parametrize('kind', [SegDataPreProcessor, ImgDataPreprocessor])
def test_channels_that_are_swapped(kind):
    """Read off the attribute that each upstream version keeps."""
    for keys in (dict(bgr_to_rgb=True), dict(rgb_to_bgr=True), {}):
        assert compat.swaps_channels(kind(**keys)) == bool(keys)


@pytest.mark.parametrize(
    'code', ["raise AttributeError('np.bool8')", 'import no_such_part']
)
def test_a_module_that_cannot_be_imported_is_not_taken_for_missing(
    monkeypatch, tmp_path, code
):
    (tmp_path / 'broken_upstream.py').write_text(code)
    (tmp_path / 'empty_upstream').mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match='broken_upstream is installed and'):
        versions.version_of('broken_upstream')
    assert versions.version_of('empty_upstream') is None
    assert versions.version_of('absent_upstream') is None
