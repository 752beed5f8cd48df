"""Forward passes that leave no trace in batch norms."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _NormBase


@contextmanager
def kept_norm_statistics(module: nn.Module) -> Iterator[None]:
    """Keep the running statistics of batch norms as they are.

    In training mode they normalise by the batch all the same.

    Args:
        module: Its norms, in any depth.
    """
    norms = [
        child
        for child in module.modules()
        if isinstance(child, _NormBase) and child.track_running_stats
    ]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
