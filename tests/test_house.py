"""The layout: imports run one way, and folders stay small."""

import ast
from collections import Counter, defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from helpers.paths import ROOT

PACKAGE = ROOT / 'mmseg_balance'
# the first part of a module's name says its floor
FLOORS = [
    {'compat', 'errors', 'files', 'number_checks', 'state_dicts'}
    | {'stop_signals', 'version', 'moved', 'progress'},
    {'logits', 'optical_flow', 'panoptic', 'datasets'},
    {'models', 'evaluation', 'visualization'},
    {'engine'},
    {'configuration'},
    {'checkpoints'},
    {'runs', 'inference'},
    {'cli', '__main__', 'registry', 'utils'},
]
FLOOR_OF = {part: i for i, parts in enumerate(FLOORS) for part in parts}
MOST_FILES = 14
MODULES = {
    path.relative_to(ROOT).with_suffix('').as_posix().replace('/', '.'): path
    for path in sorted(PACKAGE.rglob('*.py'))
}
MODULES = {name.removesuffix('.__init__'): p for name, p in MODULES.items()}


def origin(module: str, name: str) -> str:
    """Module that a name comes from, through what packages hand on."""
    if f'{module}.{name}' in MODULES:
        return f'{module}.{name}'
    path = MODULES.get(module)
    if path is not None and path.name == '__init__.py':
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.level:
                if any(alias.name == name for alias in node.names):
                    return origin(absolute(module, path, node), name)
    return module


def absolute(module: str, path: Path, node: ast.ImportFrom) -> str:
    """Module that a ``from ... import`` names."""
    if not node.level:
        return node.module
    parts = module.split('.')
    keep = len(parts) - node.level + (path.name == '__init__.py')
    return '.'.join(parts[:keep] + ([node.module] if node.module else []))


def imported(module: str) -> set[str]:
    """Modules of this package that one imports, also within functions."""
    path, found = MODULES[module], set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            of = absolute(module, path, node)
            found |= {origin(of, alias.name) for alias in node.names}
    return {name for name in found if name in MODULES and name != module}


IMPORTS = {name: imported(name) for name in MODULES if name != PACKAGE.name}


def floor(module: str) -> int:
    return FLOOR_OF[module.split('.')[1]]


def test_every_part_has_a_floor():
    assert {name.split('.')[1] for name in IMPORTS} <= FLOOR_OF.keys()


def test_nothing_imports_the_root_or_a_higher_floor():
    climbing = [
        f'{name} imports {other}'
        for name, others in IMPORTS.items()
        for other in others
        if other == PACKAGE.name or floor(other) > floor(name)
    ]
    assert not climbing


def test_no_two_folders_import_each_other():
    below, why = defaultdict(set), defaultdict(list)
    for name, others in IMPORTS.items():
        for other in others:
            paths = MODULES[name], MODULES[other]
            if any(path.name == '__init__.py' for path in paths):
                continue
            folder, lower = (p.parent.relative_to(ROOT) for p in paths)
            if folder != lower:
                below[folder].add(lower)
                why[folder, lower].append(f'{name} imports {other}')
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        circle = error.args[1]
        steps = zip(circle[1:], circle[:-1], strict=True)
        pytest.fail('\n'.join(why[step][0] for step in steps))


def test_no_folder_is_too_full():
    count = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for path in MODULES.values()
        if path.name != '__init__.py'
    )
    assert {f: n for f, n in count.items() if n > MOST_FILES} == {}


def test_logits_import_nothing_of_openmmlab():
    for name, path in MODULES.items():
        if name.startswith('mmseg_balance.logits'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    assert not node.module.startswith('mm'), name
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        assert not alias.name.startswith('mm'), name
