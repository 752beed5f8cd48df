"""Losses."""

from .blda_loss import BLDALoss

__all__ = ['BLDALoss']
