"""Figures as papers print them: at the width of a column, with a table."""

from .distributions.bias import draw_bias
from .distributions.logits import draw_logits
from .distributions.model_logits import ModelLogits
from .drawn import Drawn, Table

__all__ = ['Drawn', 'ModelLogits', 'Table', 'draw_bias', 'draw_logits']
