"""Connected components of thing classes: what an object is (Eq. 1 of PHFA).

8-connected, as in SIM (CVPR 2020). A component is known by its root, the
first of its pixels in the order of rows, on any device.
"""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F

from ....logits.host import on_host

NEIGHBOURS = np.ones((3, 3), dtype=int)


@torch.no_grad()
def component_roots(classes: Tensor, things: Tensor) -> Tensor:
    """Root of the component that each pixel is of.

    On the CPU by SciPy. On other devices by a number of steps that the size
    of the map alone decides, so that the host does not wait for the map, see
    :func:`propagated_roots`.

    Args:
        classes: Class of each pixel, int64 (N, H, W).
        things: Classes that have objects, int64 (K,), on the same device.

    Returns:
        Indices into the H * W pixels of an image, int64 (N, H, W); -1 where
        the class is none of ``things``.
    """
    if on_host(classes):
        return _labelled_roots(classes, things)
    return propagated_roots(classes, things)


def _labelled_roots(classes: Tensor, things: Tensor) -> Tensor:
    roots = np.full(classes.shape, -1)
    for image, found in zip(classes.numpy(), roots, strict=True):
        for thing in things.tolist():
            labels, count = ndimage.label(image == thing, NEIGHBOURS)
            pixels = np.flatnonzero(labels)
            numbers = labels.flat[pixels]
            first = np.zeros(count + 1, dtype=int)
            first[numbers[::-1]] = pixels[::-1]  # of several the last stays
            found.flat[pixels] = first[numbers]
    return torch.from_numpy(roots)


def propagated_roots(classes: Tensor, things: Tensor) -> Tensor:
    """:func:`component_roots` without a look at the map.

    Each pixel points at one of its component that comes earlier, at first at
    itself. In each round pixels, and those that they point at, take the
    first of what their neighbours point at, and pointers are followed twice
    (Shiloach and Vishkin, 1982; FastSV, Zhang, Azad and Hu, 2020). The
    number of rounds grows with the logarithm of the number of pixels; what
    is the longest way through a map, spirals and serpentines, takes half of
    the rounds that are made.

    Args:
        classes, things: As there.

    Returns:
        As there.
    """
    images, height, width = classes.shape
    size = height * width
    # from the last pixel to the first, so that the first is the maximum
    turned = classes.flip(1, 2)[:, None]
    planes = turned == things[:, None, None]
    is_thing = planes.any(1)
    plane = torch.where(is_thing, planes.byte().argmax(1), len(things))
    plane = plane.view(images, 1, size)
    # what is no thing has a plane of its own, with nothing in it
    planes = torch.cat([planes, torch.zeros_like(planes[:, :1])], 1)
    pointers = torch.arange(size, device=classes.device).repeat(images, 1)
    exact = torch.float if size <= 2**24 else torch.double
    for _ in range(size.bit_length()):
        order = pointers.to(exact).view(images, 1, height, width)
        near = F.max_pool2d(torch.where(planes, order, -1.0), 3, 1, 1)
        near = near.flatten(2).gather(1, plane).squeeze(1).long()
        moved = pointers.scatter_reduce(1, pointers, near, 'amax')
        moved = torch.maximum(moved, near)
        pointers = moved.gather(1, moved)
        pointers = pointers.gather(1, pointers)
    roots = (size - 1 - pointers).view_as(classes)
    return torch.where(is_thing, roots, -1).flip(1, 2)
