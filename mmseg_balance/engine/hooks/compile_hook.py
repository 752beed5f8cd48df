"""Networks that torch.compile makes faster."""

from collections.abc import Iterator
from functools import cache

import torch
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmseg.models import EncoderDecoder
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import HOOKS
from torch import nn

from mmseg_balance.models.head_losses.classifier_features import classifier_of
from mmseg_balance.models.head_losses.segmentation_loss import loss_modules
from mmseg_balance.models.wrapped_segmentor import unwrapped

from ...errors import UserRuntimeError, UserTypeError

# student, teacher and frozen backbone are one code with several states, and
# so are the convolutions of a head: more than torch's limit of 8
RECOMPILE_LIMIT = 64


@HOOKS.register_module()
class CompileHook(Hook):
    """Compiles backbones, necks and the layers of heads before training.

    In place: the keys of checkpoints, copies and the optimizer know nothing
    of it. What stays as it is: classifiers, whose input density estimation
    may note by a hook that compiled code would not call; losses, whose
    statistics are updated between iterations; and validation, in which the
    sizes of images vary.

    Dropout and drop path draw other numbers in compiled code, by the same
    seeds.

    Args:
        mode: As in ``torch.compile``. 'reduce-overhead' and 'max-autotune'
            record CUDA graphs, which keep the memory of every network and
            are not tried here.
        dynamic: As in ``torch.compile``. By default each shape is compiled
            for itself: in training there are few. HRDA runs the context, the
            crop and the windows of the teacher through one backbone, which
            comes to one compilation a batch size; with None and True there
            is one more, and all take two to four times as long.
        backend: As in ``torch.compile``.

    Raises:
        RuntimeError: Before training, when nothing can be compiled on this
            machine; says what is missing.
        TypeError: Before training, when there is nothing to compile.
    """

    priority = 'NORMAL'
    without_effect = True

    def __init__(
        self,
        mode: str = 'default',
        dynamic: bool | None = False,
        backend: str = 'inductor',
    ) -> None:
        self.mode = mode
        self.dynamic = dynamic
        self.backend = backend

    def check(self) -> None:
        """Compile something small, to see whether that works here."""
        check_backend(self.backend, self.mode, get_device())

    def prepare(self, runner) -> None:
        """See :meth:`check`."""
        self.check()

    def before_train(self, runner) -> None:
        """Compile; the work itself is done in the first iterations."""
        self.check()
        model = unwrapped(runner.model)
        count = compile_networks(
            model, mode=self.mode, dynamic=self.dynamic, backend=self.backend
        )
        runner.logger.info(
            f'CompileHook: {count} networks and layers are compiled in the '
            'first iterations, which take minutes'
        )
        notes = (getattr(m, 'compile_note', None) for m in model.modules())
        for note in filter(None, dict.fromkeys(notes)):
            runner.logger.warning(f'CompileHook: {note}')

    def before_val(self, runner) -> None:
        """Validate as without compilation."""
        torch.compiler.set_stance('force_eager')

    def after_val(self, runner) -> None:
        """Go on with compiled code."""
        torch.compiler.set_stance('default')


def compile_networks(model: nn.Module, **options) -> int:
    """Compile the networks of a model in place, see ``CompileHook``.

    Args:
        model: Any model with an ``EncoderDecoder`` in it.
        **options: Of ``torch.compile``.

    Returns:
        How many modules will be compiled.

    Raises:
        TypeError: There is none.
    """
    networks = list(compilable(model))
    if not networks:
        raise UserTypeError(
            'CompileHook compiles the networks of an EncoderDecoder, but '
            f'model.type is {type(model).__name__}: drop --compile'
        )
    config = torch._dynamo.config
    # the name that all supported versions have
    config.cache_size_limit = max(config.cache_size_limit, RECOMPILE_LIMIT)
    for network in networks:
        network.compile(**options)
    return len(networks)


def compilable(model: nn.Module) -> Iterator[nn.Module]:
    """Backbones, necks and layers of heads, the teacher's too.

    And what a module names in ``compiled_parts``.
    """
    for module in model.modules():
        if isinstance(module, EncoderDecoder):
            yield module.backbone
        for name in getattr(module, 'compiled_parts', ()):
            yield getattr(module, name)
        if getattr(module, 'with_neck', False):
            yield module.neck
        if isinstance(module, BaseDecodeHead):
            yield from _layers(module)


def _layers(head: BaseDecodeHead) -> Iterator[nn.Module]:
    """Layers of a head but its classifier, losses and heads within it."""
    try:
        kept = {classifier_of(head)}
    except TypeError:  # a head that density estimation refuses
        kept = set()
    kept.update(loss_modules(head))
    for child in head.children():
        parts = set(child.modules())
        if not parts & kept and not any(
            isinstance(part, BaseDecodeHead) for part in parts
        ):
            yield from _callable(child)


def _callable(module: nn.Module) -> Iterator[nn.Module]:
    """The module, or what is in it where it is a mere container."""
    if type(module).forward is nn.Module.forward:
        for child in module.children():
            yield from _callable(child)
        return
    leaves = [m for m in module.modules() if not any(m.children())]
    if len(leaves) > 1:  # one layer by itself leaves nothing to fuse
        yield module


@cache
def check_backend(backend: str, mode: str, device: str) -> None:
    """Find out whether ``torch.compile`` works.

    Args:
        backend, mode: As in ``torch.compile``.
        device: Where the networks are.

    Raises:
        RuntimeError: It does not; says why, and what it needs.
    """
    try:
        compiled = torch.compile(_triple, backend=backend, mode=mode)
        compiled(torch.ones(4, device=device))
    except Exception as error:  # noqa: BLE001  (any failure is the answer)
        cause = getattr(error, 'inner_exception', error)  # of the backend
        reason = str(cause).strip().partition('\n')[0]
        raise UserRuntimeError(
            f'--compile: torch.compile(backend={backend!r}, mode={mode!r}) '
            f'does not work here on {device!r}: {reason}. '
            'Inductor needs a C++ compiler on a CPU (install g++, or name '
            'one in the variable CXX), and Triton and a C compiler on a GPU; '
            'or drop --compile (CompileHook in custom_hooks)'
        ) from error


def _triple(values: torch.Tensor) -> torch.Tensor:
    return values * 2 + values
