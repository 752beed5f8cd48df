"""Every command, by what its help says, and by the scripts in tools/."""

import os
import re
import runpy
import shlex
import subprocess
import sys

import pytest
from helpers.paths import ROOT
from mmengine.config import Config

from mmseg_balance.cli.command import build_parser
from mmseg_balance.cli.main import COMMANDS, GROUPS, find_command, load, main
from mmseg_balance.runs import training
from mmseg_balance.runs.evaluation import Evaluation
from mmseg_balance.version import __version__

DOORS = {
    str(path.relative_to(ROOT)): found[1]
    for path in sorted((ROOT / 'tools').rglob('*.py'))
    if (found := re.match(r'""".*``mmseg-balance (.*)``', path.read_text()))
}


def helped(words, run, capsys):
    """Text of ``--help``, its first word left out."""
    with pytest.raises(SystemExit) as ended:
        run([*words, '--help'])
    assert ended.value.code in (0, None)
    text = capsys.readouterr().out
    return ' '.join(text.split())


@pytest.mark.parametrize('name', COMMANDS)
def test_help_ends_with_examples_that_can_be_typed(name, capsys):
    command = load(name)
    text = helped(name.split(), main, capsys)
    assert text.startswith(f'usage: mmseg-balance {name} [')
    assert text.endswith(' '.join(command.EXAMPLE.split()))
    title, *lines = command.EXAMPLE.replace('\\\n', ' ').splitlines()
    assert title in ('example:', 'examples:') and lines
    own = []
    for line in lines:
        program, *words = shlex.split(line)
        assert program == 'mmseg-balance'
        other, rest = find_command(words)
        build_parser(load(other)).parse_args(rest)
        own.append(other == name)
    assert any(own)


@pytest.mark.parametrize('tool', DOORS)
def test_tools_take_what_commands_take(tool, capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', [tool])
    door = runpy.run_path(str(ROOT / tool))['main']
    theirs = helped([], door, capsys)
    ours = helped(DOORS[tool].split(), main, capsys)
    script = tool.rpartition('/')[2]
    assert theirs == ours.replace(f'mmseg-balance {DOORS[tool]}', script, 1)


def test_what_has_no_tool_is_new():
    new = {'predict', 'compare', 'watch', 'translate', 'pseudo-labels'}
    new |= {'configs list', 'configs show', 'configs copy', 'data flow'}
    new |= {'data toy-objects', 'data class-folders', 'logits offsets'}
    without = set(COMMANDS) - set(DOORS.values())
    new |= {name for name in without if name.startswith('figure ')}
    assert without == new


@pytest.mark.parametrize('words', [['--help'], ['-h']])
def test_overview_has_every_command(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    lines = capsys.readouterr().out.splitlines()
    for name, what in COMMANDS.items():
        assert any(re.fullmatch(rf'  {name} +{what}', line) for line in lines)


@pytest.mark.parametrize('group', sorted(GROUPS))
def test_overview_of_a_group_has_its_own_alone(group, capsys):
    with pytest.raises(SystemExit) as ended:
        main([group, '--help'])
    assert not ended.value.code
    lines = capsys.readouterr().out.splitlines()
    found = [line.split()[:2] for line in lines if line.startswith('  ')]
    assert found == [n.split() for n in COMMANDS if n.startswith(f'{group} ')]


@pytest.mark.parametrize(
    'words, meant',
    [
        (['trian', 'a.py'], 'did you mean train?'),
        (['class-stats'], 'did you mean data class-stats?'),
        (['data', 'cityscape'], 'did you mean data cityscapes?'),
        (['logits', 'sweep_tau'], 'did you mean logits sweep-tau?'),
        (['--amp'], "there is no command '--amp'"),
        (['Train'], 'did you mean train?'),
    ],
)
def test_other_words_name_the_nearest_command(words, meant, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: there is no command ') and meant in line
    assert line.endswith('mmseg-balance --help lists them')


@pytest.mark.parametrize('words', [[], ['data'], ['  '], ['data', ' ']])
def test_too_few_words_show_the_commands(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert 'class-stats' in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(['--version'])
    assert capsys.readouterr().out == f'mmseg-balance {__version__}\n'


def test_help_loads_neither_torch_nor_mmengine():
    code = (
        'import runpy, sys\n'
        'from mmseg_balance.cli.main import COMMANDS\n'
        'for name in ("", *COMMANDS):\n'
        '    sys.argv = ["x", *name.split(), "--help"]\n'
        '    try:\n'
        '        runpy.run_module("mmseg_balance", run_name="__main__")\n'
        '    except SystemExit as ended:\n'
        '        assert not ended.code\n'
        'print("loaded:", {"torch", "mmengine", "numpy"} & {*sys.modules})\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('usage: mmseg-balance') == 1 + len(COMMANDS)
    assert done.stdout.endswith('loaded: set()\n')


def test_a_reader_that_leaves_early_is_no_error(capfd, monkeypatch):
    left, moved = [], []

    def run(args):
        left.append(args)
        raise BrokenPipeError

    monkeypatch.setattr(load('reproduce'), 'run', run)
    monkeypatch.setattr(os, 'dup2', lambda *fds: moved.append(fds))
    monkeypatch.setattr(sys, 'argv', ['reproduce.py', '--list'])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / 'tools/reproduce.py'), run_name='__main__')
    assert stop.value.code == 1
    assert left and moved


@pytest.mark.parametrize(
    'words, said',
    [
        (['browse', 'a.py'], 'interrupted'),
        (['test', 'a.py', 'b.pth'], 'interrupted: no scores were written'),
    ],
)
def test_an_interruption_is_one_line(words, said, capsys, monkeypatch):
    class Interrupted:
        def test(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(
        load('browse'), 'build', lambda _: Interrupted().test()
    )
    monkeypatch.setattr(Evaluation, 'build', lambda *_: Interrupted())
    monkeypatch.setattr(
        training, 'load_run', lambda *_: Config(dict(work_dir='w'))
    )
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 130
    assert capsys.readouterr().err == f'\n{said}\n'
