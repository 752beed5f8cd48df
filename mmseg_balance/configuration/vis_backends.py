"""``vis_backends`` of a config: what they are, and whether they are there."""

import ast
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config

from ..errors import UserImportError
from ..files.config_walk import type_name

# module that a backend imports when training starts, and what pip calls it
PACKAGES = {
    'WandbVisBackend': ('wandb', 'wandb'),
    'TensorboardVisBackend': ('tensorboard', 'future tensorboard'),
    'MLflowVisBackend': ('mlflow', 'mlflow'),
    'ClearMLVisBackend': ('clearml', 'clearml'),
    'NeptuneVisBackend': ('neptune', 'neptune'),
    'DVCLiveVisBackend': ('dvclive', 'dvclive'),
    'AimVisBackend': ('aim', 'aim'),
}


def follow_vis_backends(cfg: Config, options: Iterable[str] = ()) -> None:
    """Let a ``vis_backends`` on its own do what it says.

    The visualizer of a ``_base_`` file holds the list that file has, so a
    config that sets ``vis_backends`` alone, or ``--cfg-options
    vis_backends=...``, would change nothing.

    Args:
        cfg: Config, overrides included; ``visualizer.vis_backends`` becomes
            ``vis_backends`` where that was set later.
        options: Dotted keys of the overrides.
    """
    if not (cfg.get('vis_backends') and cfg.get('visualizer')):
        return
    words = {option.split('.')[0] for option in options}
    if any(option.startswith('visualizer.vis_backends') for option in options):
        return
    if 'vis_backends' in words or _is_set_alone(cfg.filename):
        cfg.visualizer.vis_backends = cfg.vis_backends


def check_vis_backends(cfg: Config) -> None:
    """Refuse a backend whose package is missing, before anything is built.

    Args:
        cfg: Config with ``visualizer``.

    Raises:
        ImportError: Names the key and the command.
    """
    for part in (cfg.get('visualizer') or {}).get('vis_backends') or ():
        kind = type_name(part)
        module, package = PACKAGES.get(kind, (None, None))
        if kind == 'TensorboardVisBackend' and find_spec('tensorboardX'):
            continue  # serves as well
        if module is not None and find_spec(module) is None:
            raise UserImportError(
                f'visualizer.vis_backends has {kind}, whose package is not '
                f"installed: 'pip install {package}'"
            )


def _is_set_alone(path: str | None) -> bool:
    """Whether the last file that sets the list sets no visualizer."""
    while path is not None and Path(path).suffix == '.py':
        tree = ast.parse(Path(path).read_text())
        names = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if names & {'vis_backends', 'visualizer'}:
            return 'visualizer' not in names
        bases = Config._get_base_files(path) if '_base_' in names else []
        if len(bases) != 1:
            # keys of several base files are not repeated in one another
            return any(_is_set_alone(_absolute(base, path)) for base in bases)
        path = _absolute(bases[0], path)
    return False


def _absolute(base: str, path: str) -> str | None:
    file = (Path(path).parent / base).resolve()
    return str(file) if file.is_file() else None
