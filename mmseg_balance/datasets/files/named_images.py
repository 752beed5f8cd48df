"""Which images are meant by a list of names."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from ...errors import UserFileNotFoundError, UserValueError

SHOWN_NAMES = 3


def read_names(file: str | Path, key: str) -> list[str]:
    """Read a list of names, one a line.

    Args:
        file: Text file in UTF-8; blank lines count for nothing.
        key: What names the file, for messages.

    Returns:
        The names, in their order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no text.
    """
    path = Path(file)
    if not path.is_file():
        raise UserFileNotFoundError(
            f'{key}: there is no file {file}, expected a text file with the '
            'name of an image a line'
        )
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise UserValueError(
            f'{key}: {file} is no text in UTF-8, expected the name of an '
            'image a line'
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def below_common_folder(paths: Sequence[str]) -> dict[str, str]:
    """Names of images that do not tell where their folder lies.

    Args:
        paths: The images of a data set, of any file backend.

    Returns:
        By path the name below the folder that all of them are in.
    """
    words = {path: _words(path) for path in paths}
    shared = 0
    for level in zip(*(w[:-1] for w in words.values()), strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return {path: '/'.join(w[shared:]) for path, w in words.items()}


def find_named(
    wanted: Sequence[str],
    names: Mapping[str, str],
    suffixes: Sequence[str],
    key: str,
) -> list[str]:
    """Find images by the ends of their paths.

    Args:
        wanted: An image each: its name with as many of its folders as one
            likes, with or without the suffix of the data set.
        names: The images that there are: a short name by path.
        suffixes: Suffixes of the data set ('_leftImg8bit.png').
        key: What has the list, for messages.

    Returns:
        A path for each of the wanted, no two alike.

    Raises:
        ValueError: A name is that of no image or of several, or two are
            those of one; says which, and what comes close.
    """
    ends: dict[str, set[str]] = {}
    for path in names:
        for end in _ends(path, suffixes):
            ends.setdefault(end, set()).add(path)
    found = {
        name: sorted(ends.get('/'.join(_words(name)).removeprefix('./'), ()))
        for name in wanted
    }
    _refuse_missing([n for n, paths in found.items() if not paths], names, key)
    owner: dict[str, str] = {}
    for name, paths in found.items():
        if len(paths) > 1:
            shown = ', '.join(names[path] for path in paths[:SHOWN_NAMES])
            raise UserValueError(
                f'{key}: {name!r} is the name of {len(paths)} images '
                f'({shown}): put as many of its folders in front as tell '
                'them apart'
            )
        other = owner.setdefault(paths[0], name)
        if other != name:
            raise UserValueError(
                f'{key}: {other!r} and {name!r} are one image: name it once'
            )
    return list(owner)


def _refuse_missing(
    missing: list[str], names: Mapping[str, str], key: str
) -> None:
    if not missing:
        return
    shown = ', '.join(map(repr, missing[:SHOWN_NAMES]))
    more = ', ...' if len(missing) > SHOWN_NAMES else ''
    close = get_close_matches(missing[0], names.values(), n=1, cutoff=0)
    nearest = f', {close[0]!r} comes closest to the first' if close else ''
    raise UserValueError(
        f'{key}: {len(missing)} names are those of no image ({shown}{more}); '
        f'there are {len(names)} target images{nearest}'
    )


def _ends(path: str, suffixes: Sequence[str]) -> list[str]:
    """All that an image may be called: its last folders, and no suffix."""
    words = _words(path)
    ends = ['/'.join(words[i:]) for i in range(len(words))]
    cut = {s for s in suffixes if s and path.endswith(s)}
    return ends + [end.removesuffix(s) for s in cut for end in ends]


def _words(path: str) -> list[str]:
    return path.replace('\\', '/').split('/')
