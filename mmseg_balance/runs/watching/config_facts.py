"""What a run's own copy of its config says of its length.

The copy is parsed and not executed: who watches the training of somebody
else runs no code of theirs.
"""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ConfigFacts:
    """Settings that progress is told from.

    Attributes:
        max_iters, max_epochs: Length of the training; None where it does not
            say.
        resume: Whether it was to go on with an earlier training.
        validates: Whether there is a validation; None where unknown.
    """

    max_iters: int | None = None
    max_epochs: int | None = None
    resume: bool | None = None
    validates: bool | None = None


def read_facts(path: Path) -> ConfigFacts:
    """Read the copy that ``LocalVisBackend`` wrote.

    Args:
        path: ``vis_data/config.py``; where it is missing or cannot be parsed
            nothing is known.
    """
    try:
        tree = ast.parse(path.read_text(errors='replace'))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ConfigFacts()
    values = {
        target.id: _value(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    loop = values.get('train_cfg')
    loop = loop if isinstance(loop, dict) else {}
    validates = None
    if 'val_cfg' in values:
        validates = values['val_cfg'] is not None
    elif values:
        validates = False
    return ConfigFacts(
        _count(loop.get('max_iters')),
        _count(loop.get('max_epochs')),
        bool(values['resume']) if 'resume' in values else None,
        validates,
    )


def _value(node: ast.expr) -> Any:
    """A literal, or a call of ``dict``; a text for whatever else there is."""
    if isinstance(node, ast.Call):
        return {k.arg: _value(k.value) for k in node.keywords if k.arg}
    if isinstance(node, ast.Dict):
        return {
            key.value: _value(value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ''


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
