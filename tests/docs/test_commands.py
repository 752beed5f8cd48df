"""Every command that the README and the pages name can be typed."""

import argparse
import re
import runpy
import sys

import pytest
from helpers import doc_pages as pages
from helpers.doc_pages import ROOT, Command

from mmseg_balance.cli.main import main
from mmseg_balance.configuration.library import find_config

COMMANDS = [c for page in pages.PAGES for c in pages.commands(page)]
EXAMPLES = ROOT / 'docs' / 'examples'
# pages whose commands are run by tests of their own, `demo` by test_demo.py
FOLLOWED = ('own_data.md', 'get_started.md')
RUN = {c.words for c in COMMANDS if c.page in FOLLOWED and not c.needs_data}
# commands that need no data, and so are run here
ALONE = ('configs', 'reproduce', '--help')
SMALL = {('configs', 'flops'): ('--shape', '64', '64')}
# what the reader puts something of theirs into
PLACEHOLDERS = ('CONFIG', 'CHECKPOINT', 'EXPORTED', 'IN', 'OUT', 'SECOND')


class Accepted(Exception):
    """The command line was understood."""


@pytest.fixture
def parse(monkeypatch):
    """Let a program end where it has read its command line."""
    parse_args = argparse.ArgumentParser.parse_args

    def only_parse(self, args=None, namespace=None):
        raise Accepted(parse_args(self, args, namespace))

    def run(start, words) -> argparse.Namespace:
        with monkeypatch.context() as patch:
            patch.setattr(argparse.ArgumentParser, 'parse_args', only_parse)
            patch.setattr(sys, 'argv', [*words])
            with pytest.raises(Accepted) as accepted:
                start()
        return accepted.value.args[0]

    return run


def check_config(word: str) -> None:
    """A config of a command comes with a package, or is an example."""
    if word not in PLACEHOLDERS and not (EXAMPLES / word).is_file():
        assert find_config(word).is_file()


@pytest.mark.parametrize('command', COMMANDS, ids=str)
def test_command(command: Command, parse, run_line, tmp_path, monkeypatch):
    """Options are there, choices are valid, configs and files exist."""
    monkeypatch.chdir(tmp_path)
    words = [word for word in command.words if not re.match('[A-Z_]+=', word)]
    program, *rest = words
    if rest[:2] == ['-m', 'mmseg_balance']:
        program, rest = 'mmseg-balance', rest[2:]
    if program == 'mmseg-balance':
        if rest != ['--help']:
            check_own(command, rest, parse)
        if rest[0] in ALONE and not command.needs_data:
            run_line(*rest, *SMALL.get(tuple(rest[:2]), ()))
    elif program == 'python' and rest[0].startswith('tools/'):
        file = ROOT / rest[0]
        monkeypatch.syspath_prepend(file.parent)
        parse(lambda: runpy.run_path(str(file), run_name='__main__'), rest)
    elif program == 'python' and rest[0] != '-c':
        assert (EXAMPLES / rest[0]).is_file()
    elif program == 'bash':
        assert (ROOT / rest[0]).is_file()
        check_config(next(word for word in rest if word.endswith('.py')))
    elif program == 'make':
        made = (ROOT / 'Makefile').read_text()
        assert all(f'\n{target}:' in made for target in rest)
    elif program == 'pip':
        extras = re.findall(r'\[([\w,]+)\]', ' '.join(rest))
        known = (ROOT / 'pyproject.toml').read_text()
        assert all(
            f'\n{name} = [' in known
            for names in extras
            for name in names.split(',')
        )
    else:
        assert program in ('.', 'cd', 'python3', 'python'), command


def check_own(command: Command, words: list[str], parse) -> None:
    """A command line of mmseg-balance: its arguments, and who runs it."""
    args = parse(main, ['mmseg-balance', *words])
    for key in ('config', 'model'):
        if getattr(args, key, None) is not None:
            check_config(str(getattr(args, key)))
    is_run = command.words in RUN or words[0] in ALONE
    assert command.needs_data or is_run, (
        f'{command} is run by no test: mark its block with '
        '<!-- needs data: ... -->, or run it'
    )


def test_there_are_commands():
    """The walk finds what is typed, of every program."""
    programs = {command.words[0] for command in COMMANDS}
    assert {'mmseg-balance', 'python', 'make', 'pip'} <= programs
    assert len(COMMANDS) > 40
