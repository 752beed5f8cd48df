"""Keeps what is noted in an iteration, for pictures of it."""

import torch
from torch import Tensor

from ...errors import UserTypeError
from ...models.recording import IMAGE


class PictureRecorder:
    """Copies of what is noted of the first images of a batch.

    They lie in the host's memory, so that none of the device's is kept. Of
    several notes of a name in a row the first counts: that of the whole
    image, before those of parts of it and of auxiliary heads.

    Args:
        num_samples: How many images.

    Attributes:
        rows: For each row, by name, (n, ...) with n the images that there
            are.
    """

    def __init__(self, num_samples: int) -> None:
        self.num_samples = num_samples
        self.rows: dict[str, dict[str, Tensor]] = {}

    def wants(self, row: str, name: str) -> bool:
        """Whether it is the first of its name in a row."""
        return name not in self.rows.get(row, ())

    def record(self, row: str, name: str, value: Tensor) -> None:
        """Copy a value.

        Raises:
            TypeError: It is none of those that ``note`` takes.
        """
        value = _checked(row, name, value)[: self.num_samples]
        if value.is_floating_point():
            value = value.float()
        # a copy on the host, too: what is noted may be changed afterwards
        kept = torch.empty_like(value, device='cpu').copy_(value)
        self.rows.setdefault(row, {})[name] = kept


def _checked(row: str, name: str, value: Tensor) -> Tensor:
    """A map (N, H, W), or images (N, channels, H, W)."""
    found = type(value).__name__
    if isinstance(value, Tensor):
        found = f'a tensor of shape {tuple(value.shape)}'
        if value.dim() == 3:
            return value
        if value.dim() == 4 and (name == IMAGE or value.shape[1] == 3):
            return value
        if value.dim() == 4 and value.shape[1] == 1:
            return value[:, 0]
    raise UserTypeError(
        f'Expected {name!r}, which is noted for training pictures of {row!r}, '
        f'to be a tensor (N, H, W), or images (N, 3, H, W), but got {found}'
    )
