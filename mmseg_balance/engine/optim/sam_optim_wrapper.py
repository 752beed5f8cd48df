"""Sharpness-aware minimization: two gradients a step."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import Tensor, nn
from torch.optim import Optimizer

from ...errors import UserRuntimeError, UserTypeError, UserValueError
from ...models.uda.optimization.sequential_backward import parameters_of
from ...models.wrapped_segmentor import unwrapped
from ...number_checks import check_number

DTYPES = (None, 'bfloat16')
EPSILON = 1e-12


@OPTIM_WRAPPERS.register_module()
class SAMOptimWrapper(OptimWrapper):
    """Steps by the gradient at the worst weights near by (SAM).

    "Sharpness-Aware Minimization for Efficiently Improving Generalization"
    (ICLR 2021), as https://github.com/val-iisc/SDAT and
    https://github.com/lhoyer/MIC have it. With the gradient g of a first
    pass at the weights w, and its norm |g| over all parameters,

        e = rho * g / (|g| + 1e-12), adaptive: rho * w^2 g / (|w g| + 1e-12);

    a second pass gives the gradient at w + e, by which the optimizer takes
    its step from w: momentum and weight decay know nothing of e. Weights are
    put back from copies, bit for bit. A step costs two forward and backward
    passes, and a copy of the parameters meanwhile.

    It trains models of this package (``UDASegmentor``), which ask for the
    passes; on several ranks e follows from the gradient of all of them.
    Objectives say by ``sam_passes`` in which pass they take part. Batch
    norms count both passes in their running statistics, as in the public
    code. Clipping is of the second gradient.

    Example:
        >>> optim_wrapper = dict(
        ...     type='SAMOptimWrapper',
        ...     rho=0.02,
        ...     optimizer=dict(type='SGD', lr=0.002, momentum=0.9))

    Args:
        optimizer: Any optimizer, which takes the step.
        rho: Length of e, at least 0.
        adaptive: Whether e scales with the weights (ASAM, ICML 2021).
        dtype: 'bfloat16' for forward passes under autocast, on the CPU as
            well (``--amp``). Default: none.
        accumulative_counts: Only 1: e of one batch is not that of several.
        clip_grad: As of ``OptimWrapper``.
        loss_scale: Only None: float16, which needs a scaler, would have e
            follow from gradients that overflow.

    Raises:
        ValueError: A setting out of range, or one that does not go with two
            passes; names its key.
    """

    passes = 2
    mixed_precision = dict(dtype='bfloat16')  # what --amp sets

    def __init__(
        self,
        optimizer: Optimizer,
        rho: float = 0.02,
        adaptive: bool = False,
        dtype: str | None = None,
        accumulative_counts: int = 1,
        clip_grad: dict | None = None,
        loss_scale: None = None,
    ) -> None:
        owner = type(self).__name__
        check_number(owner, 'rho', rho)
        if accumulative_counts != 1:
            raise UserValueError(
                'Expected optim_wrapper.accumulative_counts to be 1 with '
                f'{owner}, but got {accumulative_counts!r}: its two '
                'gradients are of one batch. Leave the key away, and set '
                'train_dataloader.batch_size or the number of ranks to the '
                'batch that is wanted'
            )
        if dtype not in DTYPES or loss_scale is not None:
            raise UserValueError(
                f'Expected optim_wrapper of {owner} to have dtype None or '
                f"'bfloat16', and no loss_scale, but got dtype={dtype!r} and "
                f'loss_scale={loss_scale!r}: mixed precision without a '
                "scaler is dtype='bfloat16', which --amp sets"
            )
        super().__init__(optimizer, clip_grad=clip_grad)
        self.rho = rho
        self.adaptive = adaptive
        self.dtype = dtype
        self._is_due = False

    def initialize_count_status(
        self, model: nn.Module, init_counts: int, max_counts: int
    ) -> None:
        """Note the iteration, before the first one of a run.

        Args:
            model: The model that is trained, or a wrapper around it.
            init_counts: Iterations so far.
            max_counts: Iterations in all.

        Raises:
            TypeError: A model that makes one pass a step.
        """
        model = unwrapped(model)
        if not getattr(model, 'makes_passes', False):
            raise UserTypeError(
                f'optim_wrapper.type is {type(self).__name__}, which needs '
                f'two passes a step, but a {type(model).__name__} makes one: '
                "set model=dict(type='SourceOnly', segmentor=...) or another "
                "method of this package, or optim_wrapper.type='OptimWrapper'"
            )
        super().initialize_count_status(model, init_counts, max_counts)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Around forward passes: autocast, where ``dtype`` says so.

        Args:
            model: The model that is trained.
        """
        device = parameters_of(self.optimizer)[0].device.type
        with (
            super().optim_context(model),
            torch.autocast(
                device, torch.bfloat16, enabled=self.dtype is not None
            ),
        ):
            yield

    @contextmanager
    def pass_context(self, number: int) -> Iterator[None]:
        """Around a pass, see ``SeveralPasses``.

        Args:
            number: 1: weights stay as they are. 2: they are moved by e, and
                gradients of the first pass forgotten; put back in the end,
                whatever happens.
        """
        if number == 1:
            yield
            return
        moved = [
            p for p in parameters_of(self.optimizer) if p.grad is not None
        ]
        kept = [p.detach().clone() for p in moved]
        self._perturb(moved)
        self.zero_grad(set_to_none=True)
        try:
            yield
        finally:
            with torch.no_grad():
                for parameter, value in zip(moved, kept, strict=True):
                    parameter.copy_(value)
        self._is_due = True

    def step(self, **kwargs) -> None:
        """The optimizer's step, by the second gradient.

        Raises:
            RuntimeError: There was no second pass.
        """
        if not self._is_due:
            raise UserRuntimeError(
                f'{type(self).__name__} was to step without a second pass: '
                'the train_step of the model has to make its losses go '
                'backward in pass_context(1) and pass_context(2), as that of '
                'UDASegmentor does'
            )
        self._is_due = False
        super().step(**kwargs)

    @torch.no_grad()
    def _perturb(self, parameters: list[nn.Parameter]) -> None:
        """Add e to the weights."""
        if not parameters:
            return
        gradients = [p.grad for p in parameters]
        found = perturbation(parameters, gradients, self.rho, self.adaptive)
        torch._foreach_add_(parameters, found)


def perturbation(
    weights: list[Tensor],
    gradients: list[Tensor],
    rho: float,
    adaptive: bool = False,
) -> list[Tensor]:
    """The step e to the worst weights near by, to first order.

    Args:
        weights: Parameters w.
        gradients: Their gradients g.
        rho: Length of e, or of e / w.
        adaptive: Whether it scales with the weights.

    Returns:
        e of each parameter.
    """
    scaled = gradients
    if adaptive:
        scaled = torch._foreach_mul(gradients, torch._foreach_abs(weights))
    norm = torch.stack(list(torch._foreach_norm(scaled))).norm()
    if adaptive:
        squares = torch._foreach_mul(weights, weights)
        gradients = torch._foreach_mul(gradients, squares)
    return torch._foreach_mul(gradients, rho / (norm + EPSILON))
