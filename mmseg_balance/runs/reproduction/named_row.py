"""What a user names: a row of the tables, or a config that is in none."""

from collections.abc import Mapping
from typing import Any

from ...configuration.library import find_config
from ...evaluation.published import panoptic, segmentation
from ...evaluation.published.listing import shown
from ...evaluation.published.recipes import describe_recipe
from ...evaluation.published.row import PublishedRow
from ...evaluation.published.rows import find_row

# of a config, whose scores stand beside none
SHOWN = (*panoptic.KEYS, *segmentation.KEYS)
# of segments, whatever a config takes predicted void for
VOIDS = ('mPQ_void_apart', 'mPQ_void_as_road')


def named_row(name: str) -> PublishedRow:
    """A row of the tables, or one that a config makes.

    Args:
        name: Of the row; or the file of a config, or its name, with '.py'.

    Returns:
        The row; that of a config has no tables and no published scores.

    Raises:
        FileNotFoundError: There is no such config.
        ValueError: There is no such row.
    """
    if not is_config(name):
        return find_row(name)
    return PublishedRow(name, (), str(find_config(name)), {})


def is_config(name: str) -> bool:
    """Whether a name is that of a config.

    Args:
        name: As above.
    """
    return name.endswith('.py')


def comparison(row: PublishedRow, scores: Mapping[str, Any]) -> str:
    """Ours beside the published scores, where there are such.

    Args:
        row: The row.
        scores: Ours, in percent and points.

    Returns:
        A line for each score, below one of titles.
    """
    if not row.scores:
        is_of_images = not {'mIoU', 'mPQ'} & scores.keys()
        overall = ('aAcc',) if is_of_images else ()
        found = [k for k in (*SHOWN, *overall, *VOIDS) if k in scores]
        return '\n'.join(
            [row.name, *(f'{key:<20}  {scores[key]:4.1f}' for key in found)]
        )
    lines = [f'{row.name:<20}  ours   published']
    for key, published in row.scores.items():
        lines.append(f'{key:<20}  {scores[key]:4.1f}   {shown(published)}')
    lines += [f'{k:<20}  {scores[k]:4.1f}' for k in VOIDS if k in scores]
    return '\n'.join(lines)


def recipe(row: PublishedRow) -> list[str]:
    """Lines on how near the recipe of a row is to the published one.

    Args:
        row: The row; none for a config.
    """
    return [] if is_config(row.name) else [describe_recipe(row.name)]
