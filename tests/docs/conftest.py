"""Commands of the documentation, run in this process."""

import os
import runpy
import sys
from pathlib import Path

import pytest

from mmseg_balance.cli.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / 'docs' / 'examples'


@pytest.fixture
def run_line(monkeypatch):
    """Run ``mmseg-balance`` with the words behind it; it has to succeed."""

    def run(*words) -> None:
        monkeypatch.setattr(sys, 'argv', ['mmseg-balance', *map(str, words)])
        try:
            status = main()
        except SystemExit as end:
            status = end.code
        assert not status, f'{words}: {status}'

    return run


@pytest.fixture(scope='session')
def own_data(tmp_path_factory) -> Path:
    """An empty folder in which docs/own_data.md was followed up to its data.

    Holds the examples, and what ``draw_own_data.py`` draws.
    """
    folder = tmp_path_factory.mktemp('own')
    for file in EXAMPLES.glob('*.py'):
        (folder / file.name).write_bytes(file.read_bytes())
    before = Path.cwd()
    os.chdir(folder)
    try:
        runpy.run_path('draw_own_data.py', run_name='__main__')
    finally:
        os.chdir(before)
    return folder
