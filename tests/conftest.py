"""Fixtures that every test may use."""

import ast
import gc
import os
from pathlib import Path

import mmengine.config.config as config_module
import pytest
import torch

if not torch.cuda.is_available():  # read when Triton is first imported
    os.environ.setdefault('TRITON_INTERPRET', '1')

# ruff: noqa: E402
from helpers.browser import browser  # noqa: F401
from helpers.reference import SHARED
from hypothesis import HealthCheck, settings
from yapf.yapflib import yapf_api

import mmseg_balance  # noqa: F401  (registers everything)

TESTS = Path(__file__).parent

# the same examples in each run; machines are noisy, so that no example is
# too slow, and _seed is drawn once for all of them
settings.register_profile(
    'reproducible',
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=10,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
settings.load_profile('reproducible')


# what trains, starts tools or builds whole networks
SLOW = ('cli', 'docs', 'packaging', 'runs', 'tools', 'test_every_config.py')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what ``make test-fast`` leaves out."""
    for item in items:
        if not set(SLOW).isdisjoint(item.path.relative_to(TESTS).parts):
            item.add_marker('slow')


@pytest.fixture(scope='session')
def camvid() -> Path:
    """Real photographs, day and dusk; too large for the repository."""
    folder = SHARED / 'data/camvid'
    if not folder.is_dir():
        pytest.skip(
            f'no real images at {folder}; MMSEG_BALANCE_SHARED names the '
            'folder above data/camvid'
        )
    return folder


def pytest_collection_finish() -> None:
    """Leave what was imported out of the search for garbage.

    mmengine searches at each data set it opens: a third of the time of a
    tiny run, among the million objects of the imports.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope='session')
def _texts_are_not_laid_out():
    """mmengine formats the text of a config seven times a run.

    It has to be Python, and how its lines are broken tests nothing. Runs in
    processes of their own format it.
    """

    def check(text, **kwargs):
        ast.parse(text)
        return f'{text}\n', True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yapf_api, 'FormatCode', check)
        # mmengine has taken its name already, onedl-mmengine has not
        patch.setattr(config_module, 'FormatCode', check, raising=False)
        yield


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
