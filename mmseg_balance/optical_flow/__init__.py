"""Optical flow, in plain NumPy, PyTorch and OpenCV.

A flow lies on the grid of frame t and points to the earlier frame: float32
(H, W, 2) as (u, v) in pixels, tensors (N, 2, H, W). ``valid`` says where it
counts, bool (H, W).
"""

from .consistency import forward_backward_valid
from .dis import dis_flow
from .files.read_write import read_flow, write_flow
from .geometry import resize_flow
from .warping import backward_warp, inside, warp_labels

__all__ = [
    'backward_warp',
    'dis_flow',
    'forward_backward_valid',
    'inside',
    'read_flow',
    'resize_flow',
    'warp_labels',
    'write_flow',
]
