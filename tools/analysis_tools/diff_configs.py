"""Compare all resolved configs between a git revision and the working tree.

For whoever changes a file that many configs are made of: which of their keys
are other than before, ``configs/_base_`` included.

Example:
    python tools/analysis_tools/diff_configs.py            # against HEAD
    python tools/analysis_tools/diff_configs.py v0.1.0
"""

import argparse
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.config import Config

NUM_SHOWN = 10


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'revision', nargs='?', default='HEAD', help='git revision (HEAD)'
    )
    parser.add_argument(
        '--folder',
        type=Path,
        default=Path('configs'),
        help='folder of configs in the repository (configs)',
    )
    return parser.parse_args(argv)


def resolve(folder: Path) -> dict[str, Any]:
    """Each config of a folder, as training would read it.

    Args:
        folder: Folder with configs, at any depth.

    Returns:
        By the path below the folder: its keys, or what is said where it
        cannot be read.
    """
    resolved = {}
    for path in sorted(folder.rglob('*.py')):
        name = path.relative_to(folder).as_posix()
        try:
            resolved[name] = Config.fromfile(path).to_dict()
        except Exception as error:  # noqa: BLE001  (a config may raise any)
            resolved[name] = f'cannot be read: {error}'
    return resolved


def at_revision(folder: Path, revision: str) -> dict[str, Any]:
    """Each config of a folder as it was in a git revision."""
    done = subprocess.run(
        ['git', 'archive', f'{revision}:./', folder.name],
        cwd=folder.parent,
        capture_output=True,
    )
    if done.returncode:
        sys.exit(
            f'no {folder} in the git revision {revision}: '
            f'{done.stderr.decode().strip()}'
        )
    with TemporaryDirectory() as temp:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(temp, filter='data')
        return resolve(Path(temp) / folder.name)


def changes(old: dict | str, new: dict | str) -> list[str]:
    """Lines on what differs between two configs, or texts in their place."""
    if isinstance(new, str):
        return [] if old == new else [new]
    return [] if isinstance(old, str) else list(differences(old, new))


def differences(old: Any, new: Any, key: str = '') -> Iterator[str]:
    """Lines on what differs; a list is not a tuple, and 1 is not 1.0."""
    if type(old) is not type(new):
        yield f'{key}: {old!r} -> {new!r}'
    elif isinstance(old, dict):
        for name in sorted(old.keys() | new.keys()):
            inner = f'{key}.{name}' if key else name
            if name not in new:
                yield f'{inner}: is gone'
            elif name not in old:
                yield f'{inner}: is new'
            else:
                yield from differences(old[name], new[name], inner)
    elif isinstance(old, (list, tuple)) and len(old) == len(new):
        for i, pair in enumerate(zip(old, new, strict=True)):
            yield from differences(*pair, f'{key}[{i}]')
    elif old != new:
        yield f'{key}: {old!r} -> {new!r}'


def main(argv: list[str] | None = None) -> int:
    """Print the differences; 1 where there are any.

    A file that is new stops no one and is no difference.
    """
    args = parse_args(argv)
    folder = args.folder.resolve()
    old, new = at_revision(folder, args.revision), resolve(folder)
    changed = 0
    for name in sorted(old):
        lines = changes(old[name], new.get(name, 'is gone'))
        changed += bool(lines)
        for line in lines[:NUM_SHOWN]:
            print(f'{name}: {line}')
        if len(lines) > NUM_SHOWN:
            print(f'{name}: and {len(lines) - NUM_SHOWN} more')
    added = len(new.keys() - old.keys())
    print(
        f'{changed} of {len(old)} configs of {args.revision} resolve '
        f'otherwise; {added} are new'
    )
    return 1 if changed else 0


if __name__ == '__main__':
    sys.exit(main())
