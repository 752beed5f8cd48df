"""Where two flows, there and back, agree: what was not hidden."""

from torch import Tensor

from .warping import backward_warp, inside

# Sundaram, Brox and Keutzer, ECCV 2010
RELATIVE, ABSOLUTE = 0.01, 0.5


def forward_backward_valid(
    flow: Tensor,
    reverse: Tensor,
    relative: float = RELATIVE,
    absolute: float = ABSOLUTE,
) -> Tensor:
    """Which pixels of the later frame are seen in the earlier one.

    A pixel that went back to its place in the earlier frame, and from there
    again to the later one, is where it was:
    ``|f + b(p + f)|^2 < relative (|f|^2 + |b|^2) + absolute``, with f the
    flow at p and b the reverse flow at p + f. What was hidden fails.

    Args:
        flow: On the later frame's grid, to the earlier one, (N, 2, H, W) in
            pixels.
        reverse: On the earlier frame's grid, to the later one, (N, 2, H, W).
        relative, absolute: Of the rule.

    Returns:
        Bool (N, H, W); False beyond the border as well.
    """
    back = backward_warp(reverse, flow)
    away = (flow + back).square().sum(1)
    lengths = flow.square().sum(1) + back.square().sum(1)
    return inside(flow) & (away < relative * lengths + absolute)
