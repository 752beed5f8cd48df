"""Several backward passes, one step."""

from .sequential_backward import (
    SequentialBackward,
    average_gradients,
    average_norm_statistics,
    named_optimizers,
    split_optimizers,
)

__all__ = [
    'SequentialBackward',
    'average_gradients',
    'average_norm_statistics',
    'named_optimizers',
    'split_optimizers',
]
