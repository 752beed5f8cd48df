"""Methods compared, on one page."""

from .content import ComparedMethod, Content, Difference, ExtraFigure
from .page import write_page

__all__ = [
    'ComparedMethod',
    'Content',
    'Difference',
    'ExtraFigure',
    'write_page',
]
