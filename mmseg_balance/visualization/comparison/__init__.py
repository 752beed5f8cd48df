"""Methods compared, on one page."""

from .content import ComparedMethod, Content, Difference, ExtraFigure

__all__ = ['ComparedMethod', 'Content', 'Difference', 'ExtraFigure']
