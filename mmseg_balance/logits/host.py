"""Whether a tensor lies on the CPU, where reading a value costs nothing."""

from torch import Tensor


def on_host(tensor: Tensor) -> bool:
    """Whether a tensor lies in the memory of the CPU.

    There a value may decide what is computed, and less can be computed for
    it; and what is fast is another thing than on a GPU. The results are the
    same on both ways.
    """
    return tensor.device.type == 'cpu'
