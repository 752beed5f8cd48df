"""Stochastic depth of a whole network, drawn in one go.

mmcv's ``DropPath`` draws anew in each layer, and divides and multiplies its
tokens before they are added. A network of a hundred layers then has six small
kernels a layer for what is one here: the addition, with a factor an image.
"""

from collections.abc import Iterator, Sequence

import torch
from mmcv.cnn.bricks import DropPath
from torch import Tensor, nn

from .autocast_weights import autocast_dtype

# factors of a layer's two branches, (N, 1, 1); None: that branch draws itself
Factors = tuple[Tensor | None, Tensor | None]


class PathDraws(nn.Module):
    """What the branches of all layers are multiplied with, drawn at once.

    The numbers are those that mmcv's modules would draw one after the other
    on the CPU, as long as nothing else draws between them; with another
    dropout in the layers the modules draw themselves.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rates: tuple[float, ...] = ()
        self.keep = torch.empty(0)

    def forward(
        self, layers: Sequence[nn.Module], x: Tensor, groups: Sequence[int]
    ) -> list[Factors]:
        """Draw.

        Args:
            layers: ``FusedEncoderLayer``, of all stages.
            x: Tensor of the device and dtype of the network.
            groups: How many images the batch is made of, N; of several
                batches that go together, how many each has: the numbers are
                those of one after the other.

        Returns:
            Factors of each layer: 0, or 1 over the chance that a branch is
            kept.
        """
        paths = [path for layer in layers for path in layer.drop_paths]
        drawn = [path for path in paths if is_dropping(path)]
        if not drawn or any(map(draws_otherwise, layers)):
            return [(None, None)] * len(layers)
        self.take(drawn, x.device)
        factors = iter(keep_factors(self.keep, groups, branch_dtype(x)))
        found = [
            next(factors) if is_dropping(path) else None for path in paths
        ]
        return list(zip(found[::2], found[1::2], strict=True))

    def take(
        self, paths: Sequence[nn.Module], device: torch.device | None = None
    ) -> None:
        """Have the rates of the paths on a device, where they change."""
        rates = tuple(path.drop_prob for path in paths)
        device = self.keep.device if device is None else device
        if rates != self.rates or device != self.keep.device:
            keep = [1 - rate for rate in rates]
            self.keep = torch.tensor(keep, device=device).view(-1, 1)
            self.rates = rates

    def _apply(self, fn, recurse=True):
        """Go with the network: a copy in each step would be waited for."""
        super()._apply(fn, recurse)
        keep = [[1 - rate] for rate in self.rates]
        self.keep = torch.tensor(keep, device=fn(torch.empty(0)).device)
        return self


def keep_factors(
    keep: Tensor, groups: Sequence[int], dtype: torch.dtype
) -> list[Tensor]:
    """Draw which branches are kept.

    Args:
        keep: Chance of each of M branches, (M, 1), float32.
        groups: Images of each batch, N in all.
        dtype: Of the branches, in which mmcv draws.

    Returns:
        M factors (N, 1, 1), 0 or 1 / keep, float32 at least.
    """
    drawn = [
        torch.rand(len(keep), rows, dtype=dtype, device=keep.device)
        for rows in groups
    ]
    noise = drawn[0] if len(drawn) == 1 else torch.cat(drawn, dim=1)
    kept = (keep + noise).to(dtype).floor_()
    # in float32: in bfloat16 a factor would be off by as much as 0.4 %, for
    # all that a branch adds
    return list((kept / keep)[..., None, None].unbind())


def branch_dtype(x: Tensor) -> torch.dtype:
    """Dtype in which a layer gives what is added to its input."""
    dtype = autocast_dtype(x)
    return x.dtype if dtype is None else dtype


def add_branch(
    identity: Tensor, branch: Tensor, factor: Tensor | None
) -> Tensor:
    """The identity plus a branch, times its factor if there is one.

    Args:
        identity: Tokens (N, L, C).
        branch: The same.
        factor: (N, 1, 1), without a gradient.
    """
    if factor is None:
        return identity + branch
    if identity.dtype == branch.dtype == factor.dtype:
        return _ScaledSum.apply(identity, branch, factor)
    # of addcmul autocast would copy the branch first
    return identity + (branch * factor).to(identity.dtype)


class _ScaledSum(torch.autograd.Function):
    """``torch.addcmul``, whose own backward multiplies the factors, too."""

    @staticmethod
    def forward(ctx, identity, branch, factor):
        ctx.save_for_backward(factor)
        return torch.addcmul(identity, branch, factor)

    @staticmethod
    def backward(ctx, gradient):
        (factor,) = ctx.saved_tensors
        return gradient, gradient * factor, None


def is_dropping(path: nn.Module) -> bool:
    """Whether a module is a drop path that drops now."""
    return isinstance(path, DropPath) and path.training and path.drop_prob > 0


def draws_otherwise(layer: nn.Module) -> bool:
    """Whether a layer draws random numbers beside those of its paths."""
    attention = layer.attn
    if attention.training and attention.attn.dropout > 0:
        return True
    return any(m.training and m.p > 0 for m in _dropouts(layer))


def _dropouts(layer: nn.Module) -> Iterator[nn.Dropout]:
    for module in (layer.attn.proj_drop, *layer.ffn.layers):
        if isinstance(module, nn.Dropout):
            yield module
