"""Low-rank adaptation of a frozen transformer.

The layers keep the names of the weights that they adapt, so that published
files load, and that a merged model is the plain one. peft, which knows many
more networks, wraps layers instead: its keys are ``base_layer.weight``, and
it needs transformers and accelerate.
"""

import math
from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ....state_dicts import shown

DOWN, UP = 'lora_a', 'lora_b'
ATTENTION = ('qkv', 'q_proj', 'k_proj', 'v_proj')


class LoRALinear(nn.Linear):
    """A linear layer, and beside it one of low rank: W x + b + s B A x.

    Args:
        linear: The layer, whose weight and bias are taken as they are.
        rank: Rows of A.
        scale: s.
        dropout: Of the input of A.
    """

    def __init__(
        self, linear: nn.Linear, rank: int, scale: float, dropout: float = 0.0
    ) -> None:
        nn.Module.__init__(self)
        self.in_features = linear.in_features
        self.out_features = linear.out_features
        self.weight, self.bias = linear.weight, linear.bias
        self.scale = scale
        self.dropout = nn.Dropout(dropout)
        self.lora_a = nn.Parameter(
            linear.weight.new_empty(rank, self.in_features)
        )
        self.lora_b = nn.Parameter(
            linear.weight.new_zeros(self.out_features, rank)
        )
        nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (..., out_features) of inputs (..., in_features)."""
        low = F.linear(self.dropout(x), self.lora_a)
        return super().forward(x) + F.linear(low, self.lora_b) * self.scale


@MODELS.register_module()
class LoRA:
    """Low-rank adaptation (LoRA, Hu et al., ICLR 2022).

    As https://github.com/microsoft/LoRA: W' = W + alpha / rank * B A, A drawn
    as the weight of a linear layer is, B = 0, so that training begins with
    the network as it was.

    Args:
        rank: Of the update.
        alpha: Its scale is alpha / rank.
        dropout: Of the input of the update, in training.
        targets: Last names of the linear layers that are adapted. Default:
            the projections to queries, keys and values.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        rank: int = 16,
        alpha: float = 16.0,
        dropout: float = 0.0,
        targets: Sequence[str] = ATTENTION,
    ) -> None:
        if not isinstance(rank, int) or rank < 1:
            raise UserValueError(
                f'Expected `rank` of LoRA to be 1 at least, but got {rank}'
            )
        if not alpha > 0:
            raise UserValueError(
                f'Expected `alpha` of LoRA to be above 0, but got {alpha}'
            )
        if not 0 <= dropout < 1:
            raise UserValueError(
                f'Expected `dropout` of LoRA in [0, 1), but got {dropout}'
            )
        self.rank = rank
        self.scale = alpha / rank
        self.dropout = dropout
        self.targets = (targets,) if isinstance(targets, str) else targets

    def adapt(self, network: nn.Module) -> None:
        """Freeze a network, and put the update beside its layers.

        Args:
            network: Changed in place.

        Raises:
            ValueError: It has no layer of these names, or one that is
                smaller than the rank.
        """
        linear = {
            name: layer
            for name, layer in network.named_modules()
            if isinstance(layer, nn.Linear)
        }
        chosen = {
            name: layer
            for name, layer in linear.items()
            if name.rpartition('.')[2] in self.targets
        }
        if not chosen:
            known = sorted({name.rpartition('.')[2] for name in linear})
            raise UserValueError(
                f'LoRA found no layer {" or ".join(self.targets)} in '
                f'{type(network).__name__}: set `targets` to names of its '
                f'linear layers, {", ".join(known) or "of which it has none"}'
            )
        network.requires_grad_(False)
        for name, layer in chosen.items():
            if self.rank > min(layer.weight.shape):
                raise UserValueError(
                    f'`rank` of LoRA is {self.rank}, but {name} has '
                    f'{layer.in_features} inputs and {layer.out_features} '
                    'outputs: set it below both'
                )
            owner = network.get_submodule(name.rpartition('.')[0])
            adapted = LoRALinear(layer, self.rank, self.scale, self.dropout)
            setattr(owner, name.rpartition('.')[2], adapted)
            if getattr(owner, 'q_bias', None) is not None:
                # else timm takes the weight of the layer, not its forward
                owner.qkv_bias_separate = True

    def merged(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of the network without adapters that predicts the same.

        Args:
            weights: State dict with adapters, under any prefix.

        Returns:
            The same without them, W + s B A where they were.

        Raises:
            ValueError: Half of an adapter is missing, or all.
        """
        merged = {
            key: value
            for key, value in weights.items()
            if not key.endswith((f'.{DOWN}', f'.{UP}'))
        }
        owners = {
            key.rpartition('.')[0] for key in weights.keys() - merged.keys()
        }
        needed = [
            f'{owner}.{name}'
            for owner in sorted(owners)
            for name in ('weight', DOWN, UP)
        ]
        missing = [key for key in needed if key not in weights]
        if missing or not owners:
            raise UserValueError(
                'The weights are not those of a network with LoRA: '
                + (
                    f'{shown(map(repr, missing))} missing'
                    if missing
                    else f'no key ends with {DOWN} or {UP}'
                )
            )
        for owner in owners:
            down, up = weights[f'{owner}.{DOWN}'], weights[f'{owner}.{UP}']
            base = weights[f'{owner}.weight']
            update = self.scale * (up.double() @ down.double())
            merged[f'{owner}.weight'] = (base.double() + update).to(base.dtype)
        return merged
