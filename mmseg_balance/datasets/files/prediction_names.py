"""Names of what is predicted of the images of a data set, no two alike."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath


def prediction_names(paths: Sequence[str]) -> dict[str, PurePath]:
    """A PNG for each image, of its name or of its place in the folder.

    Args:
        paths: The images of a data set.

    Returns:
        For each image a relative path: its base name, as MMSegmentation has
        it, where all base names differ; else its path below the folder that
        all images are in. Where two images of one folder differ in their
        suffix alone, suffixes are kept ('a.jpg.png'). An image that is there
        twice has one prediction.
    """
    paths = list(dict.fromkeys(paths))
    if not paths:
        return {}
    full = [Path(os.path.abspath(path)) for path in paths]
    common = os.path.commonpath([path.parent for path in full])
    below = [path.relative_to(common) for path in full]
    layouts: tuple[Callable[[Path], PurePath], ...] = (
        lambda path: PurePath(f'{path.stem}.png'),
        lambda path: path.with_name(f'{path.stem}.png'),
        lambda path: path.with_name(f'{path.name}.png'),
    )
    names = first_distinct([layout(p) for p in below] for layout in layouts)
    return dict(zip(paths, names, strict=True))


def first_distinct(layouts: Iterable[list[PurePath]]) -> list[PurePath]:
    """The first way of naming results that keeps each apart.

    Args:
        layouts: Names of all results, in one way after the other.

    Returns:
        Those of which no two are alike and none is a folder of another; else
        the last.
    """
    for names in layouts:
        # file systems may not tell cases apart
        places = {PurePath(str(name).lower()) for name in names}
        folders = {folder for place in places for folder in place.parents}
        if len(places) == len(names) and not places & folders:
            break
    return names


def picture_names(paths: Sequence[str]) -> dict[str, str]:
    """A name without folders for each image, no two alike.

    Args:
        paths: The images of a data set.

    Returns:
        For each image its base name, where all base names differ; else its
        path with '_' for each '/', and with a number where these are alike.
    """
    flat = {
        path: '_'.join([*name.parts[:-1], Path(path).name])
        for path, name in prediction_names(paths).items()
    }
    counts = Counter(name.lower() for name in flat.values())
    return {
        path: f'{i}_{name}' if counts[name.lower()] > 1 else name
        for i, (path, name) in enumerate(flat.items())
    }
