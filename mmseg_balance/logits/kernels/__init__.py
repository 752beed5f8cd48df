"""Fused kernels for GPUs, each equal to a function in plain PyTorch.

``programs`` are written in Triton, which comes with PyTorch's CUDA builds,
and imported when one is first launched; the modules beside it make operators
of PyTorch of them, which know shapes alone on the meta device.
"""

from .choice import KERNELS, check_kernels, runs_fused

__all__ = ['KERNELS', 'check_kernels', 'runs_fused']
