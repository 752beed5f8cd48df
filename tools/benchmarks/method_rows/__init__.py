"""Rows of the tables of method_table.py, by group."""

from . import camvid, classifiers
from .group import Group, Row

GROUPS = camvid.GROUPS | classifiers.GROUPS

__all__ = ['GROUPS', 'Group', 'Row']
