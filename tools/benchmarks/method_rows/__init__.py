"""Rows of the tables of method_table.py, by group."""

from . import classifiers, more, pairs, variants
from .group import Group, Row, config_text

GROUPS = pairs.GROUPS | more.GROUPS | variants.GROUPS | classifiers.GROUPS

__all__ = ['GROUPS', 'Group', 'Row', 'config_text']
