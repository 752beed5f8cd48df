"""Offsets from tables: how these are made, and how they are read."""

from .table import OffsetTable

__all__ = ['OffsetTable']
