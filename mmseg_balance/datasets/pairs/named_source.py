"""Which of several sources a key or an option means."""

from collections.abc import Mapping
from typing import Any


def named_source(data: Mapping[str, Any], wanted: Any) -> int | None:
    """Find a source by its number or by its name.

    Args:
        data: Config of a ``UDADataset`` with a list of sources.
        wanted: The number, from 0, or the name in ``source_names``.

    Returns:
        Its number; None where it is none of them.
    """
    names = [str(name) for name in data.get('source_names') or ()]
    for i in range(len(data['source'])):
        if str(wanted) in (str(i), *names[i : i + 1]):
            return i
    return None
