"""The last features of each class, in ring buffers."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ....state_dicts import without_count


class FeatureBuffer(nn.Module):
    """Ring buffers of features, one a class; saved with the model.

    Args:
        num_classes: Classes K.
        capacity: Features that are kept of each, R.
        channels: Of a feature, C.

    Attributes:
        rows (Tensor): float32 (K * R + 1, C): buffer by buffer, and a last
            row in which what is not kept ends up, as zeros, so that what is
            kept need not be known where it is computed.
        written (Tensor): How many features each has been given, int64 (K,).
    """

    def __init__(self, num_classes: int, capacity: int, channels: int):
        super().__init__()
        self.shape = num_classes, capacity, channels
        rows = torch.zeros(num_classes * capacity + 1, channels)
        self.register_buffer('rows', rows)
        written = torch.zeros(num_classes, dtype=torch.long)
        self.register_buffer('written', written)

    @property
    def features(self) -> Tensor:
        """(K, R, C); zeros where none has been written."""
        return self.rows[:-1].view(self.shape)

    @property
    def is_full(self) -> Tensor:
        """Classes of which a feature has been replaced, bool (K,).

        As in the public code of SIM, which waits for one more than fit.
        """
        return self.written > self.shape[1]

    @property
    def num_full(self) -> Tensor:
        """How many classes that is, float32."""
        return self.is_full.float().sum()

    @torch.no_grad()
    def write(self, features: Tensor, is_kept: Tensor) -> None:
        """Add features, of which some are kept; the oldest have to go.

        Args:
            features: In their order, float32 (K, M, C).
            is_kept: bool (K, M).
        """
        num_classes, capacity, _ = self.shape
        number = is_kept.cumsum(1)
        total = number[:, -1:]
        # of more than fit the last ones stay
        is_kept = is_kept & (number > total - capacity)
        places = (self.written[:, None] + number - 1) % capacity
        starts = torch.arange(num_classes, device=places.device) * capacity
        places = torch.where(
            is_kept, starts[:, None] + places, num_classes * capacity
        )
        values = torch.where(is_kept[..., None], features, 0)
        self.rows.index_copy_(0, places.flatten(), values.flatten(0, 1))
        self.written += total[:, 0]

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Tensor], prefix: str, *args
    ) -> None:
        state_dict = without_count(
            state_dict, f'{prefix}rows', self.rows, f'{prefix}written'
        )
        super()._load_from_state_dict(state_dict, prefix, *args)
