"""Rows of the tables of method_table.py, by group."""

from . import camvid, classifiers, pairs, variants
from .group import Group, Row, config_text

GROUPS = camvid.GROUPS | classifiers.GROUPS | pairs.GROUPS | variants.GROUPS

__all__ = ['GROUPS', 'Group', 'Row', 'config_text']
