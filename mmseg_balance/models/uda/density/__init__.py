"""Estimation of the positive cumulative density (BLDA, Eq. 10)."""
