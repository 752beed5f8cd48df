"""Configs that come with the package, by name.

They lie in ``configs/`` of a checkout, or in ``.mim/configs`` of an installed
package, which is where the packages of OpenMMLab have theirs.
"""

import importlib.util
import re
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from ..errors import UserFileNotFoundError

PACKAGE = Path(__file__).resolve().parents[1]
NAME = PACKAGE.name
COMMAND = 'mmseg-balance configs'
NUM_NEAREST = 3


def library_folder() -> Path:
    """Folder of ``configs/``, ``tools/`` and ``model-index.yml``.

    Returns:
        ``.mim`` of an installed package, or the root of a checkout.

    Raises:
        FileNotFoundError: There is neither.
    """
    # in this order: site-packages may have any folder beside the package
    for folder in (PACKAGE / '.mim', PACKAGE.parent):
        if (folder / 'model-index.yml').is_file():
            return folder
    raise UserFileNotFoundError(
        f'{PACKAGE} has no .mim with configs, and {PACKAGE.parent} is no '
        f'checkout: pip install --force-reinstall --no-deps {NAME}'
    )


def config_folder() -> Path:
    """Folder with one folder of configs a method.

    Raises:
        FileNotFoundError: See ``library_folder``.
    """
    return library_folder() / 'configs'


def config_names(word: str = '') -> list[str]:
    """Configs of trainings and tests, without the parts in ``_base_``.

    Args:
        word: Only those whose names have it, in any case.

    Returns:
        Paths below ``config_folder()``, ``'dacs/dacs_r101_40k_...py'`` for
        one, in alphabetical order.
    """
    folder = config_folder()
    names = (p.relative_to(folder) for p in folder.rglob('*.py'))
    return sorted(
        name.as_posix()
        for name in names
        if name.parts[0] != '_base_' and word.lower() in str(name).lower()
    )


def config_title(name: str) -> str:
    """What a config says of itself.

    Args:
        name: Of ``config_names``.

    Returns:
        First sentence of the comment that it begins with, or nothing.
    """
    words = []
    for line in (config_folder() / name).read_text().splitlines():
        if not line.startswith('#'):
            break
        words.append(line.lstrip('# '))
    # 'Eq. 7' ends no sentence
    return re.split(r'\.(?: (?=[A-Z(])|$)', ' '.join(words))[0]


def find_config(config: str | Path) -> Path:
    """File of a config.

    Args:
        config: A file; or a name as ``config_names`` has it, also with
            ``configs/`` before it or without ``.py`` behind it; or
            ``package::name`` of any package that has ``.mim/configs``, as
            MMSegmentation and this one have. A file goes before a name.

    Returns:
        The file: as it was given, or the absolute path of a name.

    Raises:
        FileNotFoundError: There is none; names the configs that are spelt
            most like it.
    """
    if Path(config).is_file():
        return Path(config)
    text = str(config)
    package, mark, name = text.rpartition('::')
    if mark and package != NAME:
        return _of_package(package, name)
    found = _in(config_folder(), name)
    if found is None:
        raise UserFileNotFoundError(_none_of(text, name))
    return found


def _in(folder: Path, name: str) -> Path | None:
    """File of a name below a folder of configs, where there is one."""
    inner = PurePosixPath(name)
    if inner.is_absolute() or '..' in inner.parts:
        return None
    name = inner.as_posix().removeprefix('configs/')
    for candidate in (folder / name, folder / f'{name}.py'):
        if candidate.is_file():
            return candidate
    return None


def _of_package(package: str, name: str) -> Path:
    """Config of another package of OpenMMLab's kind."""
    named = package.isidentifier()
    spec = importlib.util.find_spec(package) if named else None
    if spec is None or spec.origin is None:
        raise UserFileNotFoundError(
            f'no config {package}::{name}: there is no package {package!r}'
        )
    folder = Path(spec.origin).parent / '.mim' / 'configs'
    found = _in(folder, name)
    if found is None:
        raise UserFileNotFoundError(f'no config {package}::{name} in {folder}')
    return found


def _none_of(text: str, name: str) -> str:
    """What is said of a config that is not there."""
    here = '::' not in text and not Path(text).is_absolute()
    where = f' in {Path.cwd()}' if here else ''
    near = nearest_configs(name)
    if Path(f'{text}.py').is_file():
        near = [f'{text}.py']
    meant = f'did you mean {" or ".join(near)}? ' if near else ''
    # 'daformer' alone, for one
    word = f' --grep {name}' if not near and config_names(name) else ''
    return (
        f'no config file {text}{where}, and none of that name comes with '
        f'{NAME}: {meant}{COMMAND}{word} lists those that do'
    )


def nearest_configs(name: str) -> list[str]:
    """Names of configs that are spelt much like one.

    Args:
        name: Any text; what stands before its last ``/`` does not count.

    Returns:
        At most ``NUM_NEAREST`` names, the most like first.
    """
    stems = {PurePosixPath(n).stem: n for n in config_names()}
    asked = name.rsplit('/', 1)[-1].removesuffix('.py')
    near = get_close_matches(asked, stems, NUM_NEAREST)
    return [stems[stem] for stem in near]
