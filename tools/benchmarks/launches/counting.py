"""Counts operators, by the part of the step that they belong to."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from torch.utils._python_dispatch import TorchDispatchMode

from .costs import Cost, cost_as_counted, cost_on_cuda, is_fused_step
from .multi_tensor import Limits, limits

OTHER = 'other'


class Launches(TorchDispatchMode):
    """Counts kernels and the bytes they write, of tensors on the meta device.

    A custom operator is one kernel, and writes what it returns or changes.

    Args:
        fits: What fits one launch over lists of tensors. Default: for the
            CUDA that PyTorch is built for.
        as_counted: Count every operator that is no view as one, and those
            on the host as well.

    Attributes:
        names: Kernels of each operator, by its name.
        parts: Costs by part, see :meth:`inside`.
    """

    def __init__(
        self, fits: Limits | None = None, as_counted: bool = False
    ) -> None:
        super().__init__()
        self._cost = (
            cost_as_counted
            if as_counted
            else partial(cost_on_cuda, fits=fits or limits())
        )
        self.names: Counter[str] = Counter()
        self.parts: defaultdict[str, Cost] = defaultdict(Cost)
        self._inside = [OTHER]

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run an operation, and count it."""
        kwargs = kwargs or {}
        # they change values alone, and some have no kernel for meta tensors
        result = None
        if not (is_fused_step(function) and args[0][0].is_meta):
            result = function(*args, **kwargs)
        cost = self._cost(function, args, kwargs, result)
        if any(cost):
            self.names[function._schema.name] += cost.launches
            part = self._inside[-1]
            self.parts[part] = sum_of(self.parts[part], cost)
        return result

    @contextmanager
    def inside(self, part: str) -> Iterator[None]:
        """Count what happens here as a part of the step.

        Args:
            part: Its name; of parts within others the innermost counts.
        """
        self._inside.append(part)
        try:
            yield
        finally:
            self._inside.pop()

    @property
    def total(self) -> Cost:
        """Of all parts."""
        return sum_of(*self.parts.values())

    @property
    def written(self) -> int:
        """Bytes of all parts."""
        return self.total.written


def sum_of(*costs: Cost) -> Cost:
    """Costs of several operators or parts."""
    return Cost(*map(sum, zip(Cost(), *costs, strict=True)))
