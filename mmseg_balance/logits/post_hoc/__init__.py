"""Scores of trained models, balanced afterwards (Eq. 7)."""

from .scores import (
    check_post_hoc,
    check_tau,
    post_hoc_scores,
    table_scores,
    tau_scores,
)

__all__ = [
    'check_post_hoc',
    'check_tau',
    'post_hoc_scores',
    'table_scores',
    'tau_scores',
]
