"""Losses."""

from .blda_loss import BLDALoss
from .gbw_loss import GBWLoss

__all__ = ['BLDALoss', 'GBWLoss']
