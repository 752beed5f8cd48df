"""The wheel: what is in it, and that it works where nothing else is."""

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

from mmseg_balance.datasets.toy_streets import ToyStreets, generate_toy_streets
from mmseg_balance.version import __version__

ROOT = Path(__file__).resolve().parents[2]
MIM = 'mmseg_balance/.mim'


def pip(*args: str | Path) -> None:
    """Run pip offline, with this environment's setuptools."""
    command = [sys.executable, '-m', 'pip', *args, '--quiet', '--no-deps']
    subprocess.run(
        [*command, '--no-index', '--disable-pip-version-check'], check=True
    )


def files_of(folder: Path) -> set[str]:
    """Names in a checkout, without what tests leave in it."""
    ignored = {'.git', '.venv', '.pytest_cache', '.ruff_cache', '__pycache__'}
    names = set()
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ignored]
        names.update(os.path.join(parent, n) for n in (*folders, *files))
    return names


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout, which stays as it was."""
    folder = tmp_path_factory.mktemp('wheel')
    before = files_of(ROOT)
    pip('wheel', ROOT, '--no-build-isolation', '--wheel-dir', folder)
    # other tests may write meanwhile; builds leave these
    left = {Path(name).name for name in files_of(ROOT) - before}
    assert not {n for n in left if n == 'build' or n.endswith('.egg-info')}
    (path,) = folder.glob('*.whl')
    return path


@pytest.fixture(scope='module')
def names(wheel) -> list[PurePosixPath]:
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


@pytest.fixture(scope='module')
def metadata(wheel, names):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in names if n.name == 'METADATA')
        return Parser().parsestr(archive.read(str(name)).decode())


def test_the_package_its_configs_and_its_tools_are_in_it(names):
    package = {p.relative_to(ROOT) for p in ROOT.glob('mmseg_balance/**/*.py')}
    configs = {p.relative_to(ROOT) for p in ROOT.glob('configs/**/*.py')}
    assert len(package) > 200
    assert len(configs) > 150
    mim = {
        Path(name.relative_to(MIM)) for name in names if '.mim' in str(name)
    }
    assert {Path(name) for name in names} >= package
    assert mim >= configs
    assert mim - configs >= {
        Path('model-index.yml'),
        Path('configs/dacs/metafile.yml'),
        Path('tools/train.py'),
        Path('tools/test.py'),
        Path('tools/dist_train.sh'),
        Path('tools/analysis_tools/sweep_tau.py'),
    }
    assert PurePosixPath('mmseg_balance/py.typed') in names


def test_nothing_else_is_in_it(names):
    info = f'mmseg_balance-{__version__}.dist-info'
    assert {name.parts[0] for name in names} == {'mmseg_balance', info}
    kinds = {name.suffix for name in names if name.parts[0] != info}
    assert kinds <= {'.py', '.yml', '.md', '.sh', '.typed'}
    for name in names:
        assert 'benchmarks' not in name.parts
        assert 'tests' not in name.parts


def test_metadata(metadata, wheel, names):
    assert metadata['Name'] == 'mmseg_balance'
    assert metadata['Version'] == __version__
    assert metadata['License-Expression'] == 'Apache-2.0'
    assert metadata['Requires-Python'] == '>=3.10'
    assert metadata['Description-Content-Type'] == 'text/markdown'
    readme = (ROOT / 'README.md').read_text()
    assert metadata.get_payload().strip() == readme.strip()
    assert metadata['Summary']
    assert metadata['Keywords']
    assert 'Typing :: Typed' in metadata.get_all('Classifier')
    for url in metadata.get_all('Project-URL'):
        assert url.partition(', ')[2].startswith('https://')
    assert {*metadata.get_all('Provides-Extra')} >= {
        'lite',
        'demo',
        'test',
        'docs',
        'mutation',
        'dev',
    }
    needed = metadata.get_all('Requires-Dist')
    assert 'torch>=2.6' in needed
    assert 'mmcv-lite==2.1.0; extra == "lite"' in needed
    entry = configparser.ConfigParser()
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in names if n.name == 'entry_points.txt')
        entry.read_string(archive.read(str(name)).decode())
    scripts = dict(entry['console_scripts'])
    assert scripts == {'mmseg-balance': 'mmseg_balance.cli.main:main'}


def test_a_source_archive_builds_the_same(names, tmp_path):
    # in a copy: setuptools writes below the folder that it packs
    source = tmp_path / 'checkout'
    source.mkdir()
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    for name in ('mmseg_balance', 'configs', 'tools'):
        leave = shutil.ignore_patterns('__pycache__')
        shutil.copytree(ROOT / name, source / name, ignore=leave)
    build = 'from setuptools.build_meta import build_sdist as b; b("..")'
    subprocess.run(
        [sys.executable, '-c', build],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (archive,) = tmp_path.glob('*.tar.gz')
    pip('wheel', archive, '--no-build-isolation', '--wheel-dir', tmp_path)
    (path,) = tmp_path.glob('*.whl')
    with zipfile.ZipFile(path) as built:
        assert built.namelist() == [str(name) for name in names]


OWN_CONFIG = """
_base_ = 'mmseg_balance::dacs/dacs_blda_lite0_300_toy2toy-256x256.py'
crop = (64, 64)
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        backbone=dict(init_cfg=None),
        decode_head=dict(channels=16, loss_decode=dict(min_samples=20)),
    )
)
target_pipeline = _base_.target_pipeline
source_pipeline = _base_.source_pipeline
target_pipeline[1].crop_size = source_pipeline[2].crop_size = crop
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    ),
)
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = val_dataloader
train_cfg = dict(max_iters=2, val_interval=2)
default_hooks = dict(checkpoint=dict(interval=2))
"""

# one process, since each start takes seconds
COMMANDS = """
import os, runpy, sys, warnings
from pathlib import Path

import mmseg_balance
from mmseg_balance.configuration.library import config_names, find_config
from mmengine.config import Config
from mmengine.hub import get_config, get_model
from mmseg_balance.cli.main import main

warnings.simplefilter('ignore')
package = Path(mmseg_balance.__file__).parent
print('package:', package)
print('listed:', len(config_names()))
name = 'daformer/daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py'
print('found:', find_config(name).relative_to(package))
for get in (Config.fromfile, get_config):
    cfg = get('mmseg_balance::' + name)
    print('read:', Path(cfg.filename).relative_to(package))
main(['configs', '--grep', 'cdac_blda_mit-b5'])
main(['configs', 'copy', 'dacs/dacs_lite0_300_toy2toy-256x256.py', 'mine.py'])
model = get_model('mmseg_balance::dacs/dacs_lite0_300_toy2toy-256x256.py')
print('built:', type(model).__name__)


def tool(name, *args):
    sys.argv = [name, *args]
    runpy.run_path(str(package / '.mim/tools' / name), run_name='__main__')


# as mim trains without a GPU
tool('train.py', 'own.py', '--launcher', 'none', '--device', 'cpu')
assert os.environ['CUDA_VISIBLE_DEVICES'] == '-1'
checkpoint = 'work_dirs/own/iter_2.pth'
tool('test.py', 'own.py', checkpoint, '--work-dir', 'tested', '--out', 'out')
main(['predict', 'own.py', checkpoint, '--input', 'images', '--out', 'seen'])
"""


@pytest.fixture(scope='module')
def elsewhere(wheel, tmp_path_factory) -> Path:
    """An empty folder but for data, below which the wheel is installed."""
    folder = tmp_path_factory.mktemp('elsewhere')
    pip('install', wheel, '--target', folder / 'site')
    size = dict(height=64, width=128)
    counts = dict(num_source=8, num_target=4, num_val=8, num_second=0)
    generate_toy_streets(
        folder / 'data/toy_streets', ToyStreets(**counts, **size), nproc=1
    )
    (folder / 'own.py').write_text(OWN_CONFIG)
    frames = folder / 'data/toy_streets/toy_cityscapes/leftImg8bit/val'
    for drive in ('one', 'two/wet'):
        image = folder / 'images' / drive / '000.png'
        image.parent.mkdir(parents=True)
        shutil.copy(sorted(frames.rglob('*.png'))[len(drive)], image)
    return folder


def test_it_trains_tests_and_predicts_in_an_empty_folder(elsewhere, names):
    environment = {**os.environ, 'PYTHONPATH': str(elsewhere / 'site')}
    done = subprocess.run(
        [sys.executable, '-c', COMMANDS],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    package = elsewhere / 'site' / 'mmseg_balance'
    assert f'package: {package}' in lines
    name = 'daformer/daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py'
    assert f'found: .mim/configs/{name}' in lines
    assert lines.count(f'read: .mim/configs/{name}') == 2
    assert 'built: DACS' in lines
    grepped = [line.split()[0] for line in lines if line.startswith('cdac/')]
    assert grepped == [
        f'cdac/cdac_blda_mit-b5_40k_{source}2cityscapes-512x512.py'
        for source in ('gta', 'synthia')
    ]
    configs = (p.parts for p in (ROOT / 'configs').rglob('*.py'))
    assert f'listed: {sum("_base_" not in p for p in configs)}' in lines
    assert len(list((elsewhere / 'out').rglob('*.png'))) == 8
    labels = (elsewhere / 'seen' / 'labels').rglob('*.png')
    assert {p.relative_to(elsewhere).as_posix() for p in labels} == {
        'seen/labels/one/000.png',
        'seen/labels/two/wet/000.png',
    }
    # what it writes is in the folder that it was called in
    installed = (p for p in package.rglob('*') if p.is_file())
    assert {p for p in installed if p.suffix != '.pyc'} == {
        package.parent / n for n in names if n.parts[0] == package.name
    }
    there = {path.name for path in elsewhere.iterdir()}
    assert there == {
        *('site', 'data', 'images', 'own.py', 'mine.py'),
        *('work_dirs', 'tested', 'out', 'seen'),
    }
