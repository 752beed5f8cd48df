"""diff_configs.py: what of all configs is other than in a revision."""

import subprocess

import pytest

TOOL = 'analysis_tools/diff_configs.py'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """``configs`` of two files on one base, committed."""
    monkeypatch.chdir(tmp_path)
    configs = tmp_path / 'configs'
    (configs / '_base_').mkdir(parents=True)
    (configs / '_base_/a.py').write_text('size, scales = 1, [(1, 2)]\n')
    (configs / 'one.py').write_text("_base_ = './_base_/a.py'\nx = dict(y=1)")
    (configs / 'two.py').write_text("_base_ = './_base_/a.py'\nsize = 3")
    for words in (
        ['init', '-q'],
        ['add', '.'],
        ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'a'],
    ):
        subprocess.run(['git', *words], check=True)
    return configs


@pytest.fixture
def diff(run_tool, capsys):
    main = run_tool.load(TOOL).main

    def run(*args):
        code = main(list(args))
        return code, capsys.readouterr().out.splitlines()

    return run


def test_parts_that_moved_change_nothing(folder, diff):
    (folder / '_base_/b.py').write_text('scales = [(1, 2)]\n')
    (folder / '_base_/a.py').write_text("_base_ = './b.py'\nsize = 1\n")
    said = '0 of 3 configs of HEAD resolve otherwise; 1 are new'
    assert diff() == (0, [said])


def test_what_differs_is_named(folder, diff):
    (folder / '_base_/a.py').write_text('size, scales = 1.0, [[1, 2]]\n')
    (folder / 'one.py').write_text("_base_ = './_base_/a.py'\nx = dict(z=1)")
    (folder / 'two.py').unlink()
    code, lines = diff('HEAD')
    assert code == 1
    assert lines[-6:] == [
        'one.py: scales[0]: (1, 2) -> [1, 2]',
        'one.py: size: 1 -> 1.0',
        'one.py: x.y: is gone',
        'one.py: x.z: is new',
        'two.py: is gone',
        '3 of 3 configs of HEAD resolve otherwise; 0 are new',
    ]


def test_configs_that_break_are_named(folder, diff):
    (folder / '_base_/a.py').write_text('size = = 1\n')
    code, lines = diff()
    assert code == 1
    assert len(lines) == 4
    assert all('.py: cannot be read: ' in line for line in lines[:3])


def test_no_such_revision(folder, diff):
    with pytest.raises(SystemExit, match='no .*configs in .* revision v9: '):
        diff('v9')
