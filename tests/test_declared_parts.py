"""What lies above the models knows no method, loss or hook by its name.

Their classes say what is to be known of them; see
``mmseg_balance/models/declarations.py``.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from helpers.paths import ROOT

PACKAGE = ROOT / 'mmseg_balance'
ABOVE = ('engine', 'configuration', 'runs', 'cli')
# whose public classes are meant
PARTS = (
    'models/losses/*.py',
    'models/segmentors/*.py',
    'models/uda/*.py',
    'models/uda/objectives/*.py',
    'engine/hooks/*_hook.py',
)
# choices, that are made in one place each
DEFAULTS = {
    # of models that do not look at their losses themselves
    'configuration/checks/settling.py': {'FiniteLossHook'},
    # what the key `compile` stands for
    'configuration/checks/runner_keys.py': {'CompileHook'},
    # what --compile, --channels-last, --pictures and --class-scalars stand for
    'runs/training.py': {
        *('CompileHook', 'ChannelsLastHook'),
        *('TrainingPicturesHook', 'ClassScalarsHook'),
    },
    # rows of the table that the demo prints
    'runs/demo_run.py': {'DACS'},
    # how a score was taken, read off the config of a test
    'runs/comparison/evaluated_as.py': {'PostHocSegmentor'},
    # half of the loop, which registers it
    'engine/loops.py': {'MissingValidationHook'},
}


def parts() -> dict[str, Path]:
    """Public classes, and the files that define them."""
    return {
        node.name: path
        for pattern in PARTS
        for path in PACKAGE.glob(pattern)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith('_')
    }


def names_in(path: Path) -> Iterator[str]:
    """Names in code, and texts that are a name and nothing else."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # 'mmseg.DACS' and 'custom_hooks.GMMUpdateHook' are such, too
            yield node.value.rpartition('.')[2]


def test_parts_are_known_by_what_they_declare():
    known = parts()
    assert {'BLDALoss', 'DACS', 'GMMUpdateHook'} <= known.keys()
    found = defaultdict(set)
    for folder in ABOVE:
        for path in (PACKAGE / folder).rglob('*.py'):
            if path.name != '__init__.py':  # hands on what a folder has
                found[path.relative_to(PACKAGE).as_posix()] |= {
                    name
                    for name in names_in(path)
                    if name in known and known[name] != path
                }
    assert {k: v for k, v in found.items() if v} == DEFAULTS
