"""Methods compared, as one HTML file that needs no other file."""

from pathlib import Path

from ..report import write_report
from .content import Content


def write_page(path: str | Path, content: Content) -> Path:
    """Write a page that opens without a network.

    Args:
        path: File to write, replaced where it exists.
        content: What it shows.

    Returns:
        The path.

    Raises:
        ValueError: There is no method, or the palette has not one colour
            for each class.
    """
    return write_report(
        path,
        {method.name: method.scores for method in content.methods},
        content.classes,
        content.palette,
        content.samples,
        content.title,
    )
