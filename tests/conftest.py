"""Fixtures that every test may use."""

import os
from pathlib import Path

import mmengine.config.config as config_module
import pytest
import torch
from helpers.paths import ROOT
from hypothesis import HealthCheck, settings
from yapf.yapflib import yapf_api

import mmseg_balance  # noqa: F401  (registers everything)

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


@pytest.fixture(scope='session')
def shared() -> Path:
    """The folder of reference numbers and real images beside the checkout."""
    folder = Path(
        os.environ.get('MMSEG_BALANCE_SHARED', ROOT.parent / 'shared')
    )
    if not folder.is_dir():
        pytest.skip(
            f'no reference data at {folder}; set '
            'MMSEG_BALANCE_SHARED to the folder that holds it'
        )
    return folder


@pytest.fixture(scope='session')
def vectors(shared) -> Path:
    """Folder of the arrays that the public code produced."""
    return shared / 'vectors'


@pytest.fixture(autouse=True, scope='session')
def _texts_are_formatted_once():
    """mmengine formats the text of a config seven times a run."""
    formatted, format_code = {}, yapf_api.FormatCode

    def once(text, **kwargs):
        if text not in formatted:
            formatted[text] = format_code(text, **kwargs)
        return formatted[text]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yapf_api, 'FormatCode', once)
        # mmengine has taken its name already, onedl-mmengine has not
        patch.setattr(config_module, 'FormatCode', once, raising=False)
        yield


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
