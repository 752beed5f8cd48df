"""Errors of this package, and the line that a command ends with."""

import ast
import sys
import zipfile

import pytest
from helpers.paths import ROOT

from mmseg_balance import errors
from mmseg_balance.configuration.error_lines import build_or_exit
from mmseg_balance.errors import UserError, UserValueError, one_line

# what is caught by Python, argparse, pickle or a number, not by users
FOR_MACHINES = {
    'AttributeError',
    'IndexError',
    'KeyboardInterrupt',
    'OSError',
} | {'UnpicklingError', 'argparse.ArgumentTypeError', 'ArgumentTypeError'}
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, UserError)
]


@pytest.mark.parametrize('kind', [k for k in KINDS if k is not UserError])
def test_each_is_the_built_in_error_of_its_name(kind):
    built_in = __builtins__[kind.__name__.removeprefix('User')]
    assert issubclass(kind, built_in)
    assert str(kind('a key: what is wrong')) == 'a key: what is wrong'


def raised_names(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield ast.unparse(node.exc.func)


def test_the_package_raises_no_built_in_error_at_users():
    found = {
        f'{path.name}: {name}'
        for path in (ROOT / 'mmseg_balance').rglob('*.py')
        for name in raised_names(path)
        if name.rpartition('.')[2] in __builtins__ and name not in FOR_MACHINES
    }
    assert not found


def line_of(build, tmp_path):
    with pytest.raises(SystemExit) as end:
        build_or_exit(build, tmp_path / 'run')
    return str(end.value)


def test_an_error_of_a_user_error_class_is_its_message(tmp_path):
    def check():
        raise UserValueError('model.x: 3,\n  expected 2')

    assert line_of(check, tmp_path) == 'error: model.x: 3, expected 2'
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('text', ['', 'assert 1 == 2'])
def test_other_errors_keep_their_traceback(text, tmp_path):
    def broken():
        assert not text.endswith('2'), text
        raise ValueError(text)

    line = line_of(broken, tmp_path)
    kind = 'AssertionError' if text else 'ValueError'
    assert line.startswith(f'error: {kind}: ')
    (file,) = (tmp_path / 'run').iterdir()
    assert line.endswith(f'(traceback: {file})')
    assert kind in file.read_text()


def test_an_error_without_a_message_names_its_line():
    try:
        raise ValueError
    except ValueError as error:
        assert one_line(error).startswith(f'raise ValueError ({__file__}, ')


SOURCE = """
from mmseg_balance.errors import UserValueError

def check():
    refuse()

def refuse():
    error = UserValueError('a key: what is wrong')
    raise error
"""


@pytest.mark.parametrize('kind', ['zip', 'compiled'])
def test_sources_are_not_needed(kind, tmp_path, monkeypatch):
    name = f'checks_in_{kind}'
    if kind == 'zip':
        with zipfile.ZipFile(tmp_path / 'part.zip', 'w') as file:
            file.writestr(f'{name}.py', SOURCE)
        monkeypatch.syspath_prepend(tmp_path / 'part.zip')
        check = __import__(name).check
        del sys.modules[name]
    else:
        names = {}
        exec(compile(SOURCE, 'no_such_file.py', 'exec'), names)
        check = names['check']
    assert line_of(check, tmp_path) == 'error: a key: what is wrong'
