"""Tables that scripts keep up to date inside a Markdown page."""

from collections.abc import Sequence
from pathlib import Path

from mmseg_balance.files.writing import write_atomically


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(
        f'| {" | ".join(str(x).replace("|", chr(92) + "|") for x in line)} |'
        for line in lines
    )


def replace_block(page: Path, name: str, text: str) -> None:
    """Put text between the markers of a block of a page.

    Args:
        page: Markdown page with ``<!-- NAME -->`` and ``<!-- /NAME -->``.
        name: Name of the block.
        text: What stands between them afterwards.

    Raises:
        ValueError: The page lacks one of the markers.
    """
    begin, end = f'<!-- {name} -->', f'<!-- /{name} -->'
    content = page.read_text()
    before, found, rest = content.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f'{page} has no block {begin} ... {end}')
    content = f'{before}{begin}\n{text}\n{end}{after}'
    write_atomically(page, content.encode())
