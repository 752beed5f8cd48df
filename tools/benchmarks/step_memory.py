"""What a training step keeps in memory, counted without running it.

On the meta device tensors have shapes and no values, so that a step of any
size runs in seconds on any machine. Every storage that an operation makes is
counted from its first appearance until it is freed. What is not counted: the
workspace of kernels, fragmentation, and what a device's context takes.
"""

import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from unittest import mock

import torch
from step_cases import Case, build, iterate, random_batch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmseg_balance.models.uda import segmentor


class LiveStorages(TorchDispatchMode):
    """Counts the bytes of all storages on the meta device.

    Attributes:
        live: Bytes alive at the moment.
        peak: The most that were alive at once.
    """

    def __init__(self, tensors: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._alive: set[int] = set()
        for tensor in tensors:
            self._add(tensor)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run an operation, and count what it made."""
        result = function(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, Tensor) and value.is_meta:
                self._add(value)
        return result

    def _add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self._alive:
            return
        self._alive.add(storage._cdata)
        self.live += storage.nbytes()
        self.peak = max(self.peak, self.live)
        weakref.finalize(
            storage, self._free, storage._cdata, storage.nbytes()
        ).atexit = False

    def _free(self, key: int, size: int) -> None:
        self._alive.remove(key)
        self.live -= size


class SavedTensors(torch.autograd.graph.saved_tensors_hooks):
    """Collects what autograd keeps for the backward pass.

    Args:
        others: Tensors that are there anyway, such as parameters.
    """

    def __init__(self, others: Iterable[Tensor] = ()) -> None:
        self._others = {t.untyped_storage()._cdata for t in others}
        self._saved: dict[int, Tensor] = {}
        # detached: a tensor that its own node holds would never be freed
        super().__init__(self._keep, lambda tensor: tensor)

    def take(self) -> int:
        """Bytes of the storages since the last call."""
        total = size_of(self._saved.values())
        self._saved.clear()
        return total

    def _keep(self, tensor: Tensor) -> Tensor:
        tensor = tensor.detach()
        key = tensor.untyped_storage()._cdata
        if key not in self._others:
            self._saved[key] = tensor
        return tensor


def size_of(tensors: Iterable[Tensor | None]) -> int:
    """Bytes of the storages of tensors, each counted once."""
    storages = {
        t.untyped_storage()._cdata: t.untyped_storage().nbytes()
        for t in tensors
        if t is not None
    }
    return sum(storages.values())


def count_step(case: Case) -> dict[str, int]:
    """Bytes of a step in float32, in its second iteration.

    Args:
        case: Its precision and device are not used.

    Returns:
        Bytes by name: 'parameters', 'gradients' and 'optimizer' of what is
        trained, 'teacher', 'frozen' (the backbone of the feature distance)
        and 'buffers'; 'saved', what the objective that keeps the most saves
        for its backward pass; and 'peak', the most that is alive at once,
        which is above their sum by what comes and goes.
    """
    with without_values():
        model, wrapper = build(case._replace(device='meta'))
        trained = list(model.trainable.parameters())
        tensors = [*model.parameters(), *model.buffers()]
        saved = SavedTensors(tensors)
        sizes: list[int] = []
        backward = wrapper.backward

        def noted(loss: Tensor) -> None:
            sizes.append(saved.take())
            backward(loss)
            saved.take()  # by what is computed again

        wrapper.backward = noted
        generator = torch.Generator().manual_seed(0)
        meter = LiveStorages(tensors)
        with meter, saved:
            for _ in range(2):
                torch.manual_seed(0)
                iterate(
                    model,
                    random_batch(model, case.images, generator),
                    wrapper,
                )
        state = wrapper.optimizer.state.values()
    teacher = [] if model.teacher is None else model.teacher.parameters()
    return dict(
        parameters=size_of(trained),
        gradients=size_of(p for p in trained if p.requires_grad),
        optimizer=size_of(
            t for s in state for t in s.values() if torch.is_tensor(t)
        ),
        teacher=size_of(teacher),
        frozen=size_of(model.objectives.parameters()),
        buffers=size_of(model.buffers()),
        saved=max(sizes),
        peak=meter.peak,
    )


@contextmanager
def without_values() -> Iterator[None]:
    """Let a step run on the meta device as it would on a GPU."""
    with ExitStack() as stack:
        for owner, name, replacement in (
            # torch knows no autocast there, not even to switch it off
            (torch, 'autocast', lambda *_, **__: nullcontext()),
            (segmentor, 'to_host', lambda logs, losses: {}),
            # there it would take the one without a fused kernel
            (F, 'scaled_dot_product_attention', _fused_attention),
        ):
            stack.enter_context(mock.patch.object(owner, name, replacement))
        yield


def _fused_attention(
    queries: Tensor, keys: Tensor, values: Tensor, dropout_p: float = 0.0
) -> Tensor:
    """The kernel that a GPU takes in float32."""
    return torch.ops.aten._scaled_dot_product_efficient_attention(
        *(queries, keys, values, None, torch.is_grad_enabled(), dropout_p)
    )[0]
