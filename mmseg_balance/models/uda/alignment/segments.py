"""Parts of an image whose features are compared: stuff, and objects.

A fixed number for each image, whatever there is in it: one of each stuff
class, and a few objects of each thing class. Those that it does not have are
empty.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .components import component_roots

NONE = -1  # class of pixels that are in no segment


class Segments(NamedTuple):
    """Parts of N images, S of each.

    Attributes:
        masks: Which pixels of H * W are in each, bool (N, S, H * W).
        sizes: Their numbers of pixels, int64 (N, S).
    """

    masks: Tensor
    sizes: Tensor


class SegmentFinder(nn.Module):
    """Finds B stuff classes, and M objects of each of K thing classes.

    Args:
        stuff: Indices of the stuff classes.
        things: Indices of the thing classes.
        max_objects: How many objects of a class, M, the largest.

    Attributes:
        classes (Tensor): Of the S = B + K * M segments, int64 (S,): stuff
            first, then objects class by class, the largest first.
    """

    def __init__(
        self, stuff: Sequence[int], things: Sequence[int], max_objects: int
    ) -> None:
        super().__init__()
        self.max_objects = max_objects
        for name, classes in (('stuff', stuff), ('things', things)):
            values = torch.tensor(tuple(classes), dtype=torch.long)
            self.register_buffer(name, values, persistent=False)
        repeated = self.things.repeat_interleave(max_objects)
        classes = torch.cat([self.stuff, repeated])
        self.register_buffer('classes', classes, persistent=False)

    @torch.no_grad()
    def forward(self, classes: Tensor) -> Segments:
        """Segments of images.

        Args:
            classes: Class of each pixel, int64 (N, H, W); -1: of none.
        """
        pixels = classes.flatten(1)[:, None]
        masks = pixels == self.stuff[:, None]
        if len(self.things):
            roots = component_roots(classes, self.things).flatten(1)
            largest = self._largest(roots, pixels).flatten(1)
            objects = roots[:, None] == largest[..., None]
            masks = torch.cat([masks, objects], 1)
        return Segments(masks, masks.sum(-1))

    def _largest(self, roots: Tensor, pixels: Tensor) -> Tensor:
        """Roots of the largest objects, (N, K, M); -2 where there are fewer.

        Of two of one size the one that comes later is taken first, as by the
        reversed ``argsort`` of the public code of SIM.
        """
        images, size = roots.shape
        counts = roots.new_zeros(images, size + 1)
        counts.scatter_add_(1, roots + 1, torch.ones_like(roots))
        places = torch.arange(size, device=roots.device)
        keys = (counts[:, 1:] * size + places)[:, None]
        is_root = (pixels == self.things[:, None]) & (roots == places)[:, None]
        keys = torch.where(is_root, keys, -2)
        keys = keys.topk(min(self.max_objects, size), -1).values
        largest = torch.where(keys < 0, keys, keys % size)
        missing = self.max_objects - largest.shape[-1]
        return F.pad(largest, (0, missing), value=-2)

    def class_map(
        self, segments: Segments, shape: Sequence[int], ignored: int
    ) -> Tensor:
        """Class of the segment that each pixel is in.

        Args:
            segments: Of N images.
            shape: (N, H, W).
            ignored: Of pixels that are in none.

        Returns:
            int64 (N, H, W).
        """
        masks = segments.masks
        classes = self.classes[masks.byte().argmax(1)]
        return torch.where(masks.any(1), classes, ignored).view(*shape)

    def by_class(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """What there is of each segment, class by class.

        Args:
            values: (N, S, ...).

        Returns:
            Of stuff, (B, N, ...), and of objects, (K, N, M, ...).
        """
        stuff = values[:, : len(self.stuff)].transpose(0, 1)
        objects = values[:, len(self.stuff) :]
        objects = objects.unflatten(1, (len(self.things), self.max_objects))
        return stuff, objects.transpose(0, 1)


def mean_features(features: Tensor, segments: Segments) -> Tensor:
    """Mean feature of each segment (Eq. 1 and 5); zeros where it is empty.

    As a product of matrices, which gives the same sums every time.

    Args:
        features: (N, C, H, W), of any precision.
        segments: S for each image.

    Returns:
        float32 (N, S, C).
    """
    sums = segments.masks.float() @ features.float().flatten(2).mT
    return sums / segments.sizes.clamp(min=1)[..., None]
