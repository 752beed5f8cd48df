"""Commands that messages name are there, and can be typed anywhere."""

import ast
import re
from collections.abc import Iterator

from helpers.paths import ROOT

from mmseg_balance.cli.main import COMMANDS, GROUPS

NAMED = re.compile(r'mmseg-balance ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?')
# what starts the scripts themselves, in a checkout or beside the package
STARTS_SCRIPTS = ('experiment.py', 'commands.py', 'demo_run.py')


def texts(path) -> Iterator[str]:
    """Texts of a module that are no docstrings, split ones put together."""
    tree = ast.parse(path.read_text())
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            left_out |= {id(value) for value in node.values}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (v for v in node.values if isinstance(v, ast.Constant))
            yield ' '.join(part.value for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_messages_name_commands_that_there_are():
    found = set()
    for path in (ROOT / 'mmseg_balance').rglob('*.py'):
        for text in texts(path):
            if path.name not in STARTS_SCRIPTS:
                assert not re.search(
                    r'\btools/(?!benchmarks|analysis_tools/plot)', text
                ), path
            for first, second in NAMED.findall(text):
                name = f'{first} {second}' if first in GROUPS else first
                found.add(name.strip())
    # a list of them, and words of a sentence behind a group
    found -= {
        'configs',
        'configs lists',
        'configs has',
        'data do',
        'data write',
        'figure',
    }
    assert found <= set(COMMANDS)
    assert {'data class-stats', 'logits fit', 'checkpoint export'} <= found
