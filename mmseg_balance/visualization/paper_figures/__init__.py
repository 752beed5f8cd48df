"""Figures as papers print them: at the width of a column, with a table."""

from .bias import draw_bias
from .drawn import Drawn, Table
from .logits import draw_logits
from .model_logits import ModelLogits

__all__ = ['Drawn', 'ModelLogits', 'Table', 'draw_bias', 'draw_logits']
