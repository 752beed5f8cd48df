"""``--gpus``: what is started; that it trains is in tests/runs."""

import os
import sys

import pytest
import torch

from mmseg_balance.cli.main import main

STARTED = [
    *(sys.executable, '-m', 'torch.distributed.run', '--standalone'),
    *('--nproc_per_node=2', '-m', 'mmseg_balance'),
]


@pytest.fixture
def became(monkeypatch):
    """The line that the process became."""

    class Became(Exception):
        pass

    def become(path, words):
        assert path == words[0]
        raise Became(words)

    def run(*words):
        with pytest.raises(Became) as started:
            main(words)
        return started.value.args[0]

    monkeypatch.setattr(os, 'execv', become)
    return run


@pytest.mark.parametrize('given', [['--gpus', '2'], ['--gpus=2']])
def test_the_same_line_is_started_twice(became, given):
    line = became('train', 'a.py', *given, '--cfg-options', 'a=1', 'b="--x"')
    assert line == [
        *(*STARTED, 'train', '--launcher', 'pytorch'),
        *('a.py', '--cfg-options', 'a=1', 'b="--x"'),
    ]
    line = became('test', *given, 'a.py', 'b.pth', '--tta')
    assert line == [
        *(*STARTED, 'test', '--launcher', 'pytorch'),
        *('a.py', 'b.pth', '--tta'),
    ]


def test_no_word_behind_it_undoes_the_launcher(became):
    line = became('train', '--launcher', 'none', 'a.py', '--gpus', '2')
    assert line == [*STARTED, 'train', '--launcher', 'pytorch', 'a.py']


@pytest.mark.parametrize(
    'words, message',
    [
        (['--gpus', '5'], '5, but this machine has 4'),
        (['--gpus', '2', '--launcher', 'slurm'], 'leave --launcher slurm out'),
        (['--gpus', '1', '--launcher', 'mpi'], 'leave --launcher mpi out'),
    ],
)
def test_what_cannot_be_started_is_said(words, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 4)
    with pytest.raises(SystemExit, match=f'^error: --gpus.*{message}'):
        main(['train', 'a.py', *words])


def test_no_process_is_no_number(capsys):
    with pytest.raises(SystemExit):
        main(['train', 'a.py', '--gpus', '0'])
    assert 'expected an integer >= 1' in capsys.readouterr().err


def test_one_is_the_plain_run():
    with pytest.raises(SystemExit, match='error: no config file nowhere.py'):
        main(['train', 'nowhere.py', '--gpus', '1'])
