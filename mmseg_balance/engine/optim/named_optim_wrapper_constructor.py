"""Several optimizers of a model that names what each of them moves."""

from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...errors import UserTypeError, UserValueError
from ...models.wrapped_segmentor import unwrapped

# of one optimizer wrapper, and so no names of several
SETTINGS = {'type', 'optimizer', 'clip_grad', 'paramwise_cfg'}
SETTINGS |= {'accumulative_counts', 'dtype', 'loss_scale'}


class CountingOptimWrapperDict(OptimWrapperDict):
    """``OptimWrapperDict`` that tells its wrappers the iteration.

    mmengine's leaves that to others, and gradient accumulation would start
    anew in a resumed run and leave out the rest at the end.
    """

    def initialize_count_status(
        self, model: nn.Module, cur_iter: int, max_iters: int
    ) -> None:
        """Set the counts of every wrapper.

        Args:
            model: The model that is trained.
            cur_iter: Iterations so far.
            max_iters: Iterations in all.
        """
        for wrapper in self.values():
            wrapper.initialize_count_status(model, cur_iter, max_iters)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class NamedOptimWrapperConstructor:
    """Optimizers of a model by the names in its ``optimized``.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='NamedOptimWrapperConstructor',
        ...     generator=dict(
        ...         type='OptimWrapper',
        ...         optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999))),
        ...     discriminator=dict(
        ...         type='OptimWrapper',
        ...         optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999))))

    Schedulers are given for each: ``param_scheduler = dict(generator=[...],
    discriminator=[...])``.

    Args:
        optim_wrapper_cfg: By name, each as ``optim_wrapper`` otherwise is,
            ``paramwise_cfg`` included. The ``constructor`` of each is
            ``StudentOptimWrapperConstructor`` by default, whose Adam is
            fused on a GPU.
        paramwise_cfg: Only None.

    Raises:
        ValueError: Keys that are no names of optimizers, or one without
            ``optimizer``.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        keys = set(optim_wrapper_cfg)
        if paramwise_cfg is not None:
            keys.add('paramwise_cfg')
        if not keys or keys & SETTINGS:
            raise UserValueError(
                'Expected optim_wrapper with the constructor '
                f'{type(self).__name__} to have the names of optimizers as '
                f'keys, but got {sorted(keys)}: '
                f'{", ".join(sorted(SETTINGS))} belong into each of them; '
                'where those are of _base_, _delete_=True leaves them out'
            )
        check_parts(optim_wrapper_cfg)
        own = {'constructor': 'StudentOptimWrapperConstructor'}
        self.parts = {
            name: {**own, **part} for name, part in optim_wrapper_cfg.items()
        }

    def __call__(self, model: nn.Module) -> CountingOptimWrapperDict:
        """Build them.

        Args:
            model: The model, or a wrapper around it.

        Raises:
            TypeError: The model has other optimizers.
        """
        model = unwrapped(model)
        optimized = getattr(model, 'optimized', {})
        if self.parts.keys() != optimized.keys():
            wanted = (
                f'which has optimizers {sorted(optimized)}: name them so'
                if optimized
                else 'which has one optimizer: leave constructor away'
            )
            raise UserTypeError(
                f'optim_wrapper has optimizers {sorted(self.parts)} for '
                f"model.type='{type(model).__name__}', {wanted}"
            )
        return built_parts(self.parts, optimized)


def check_parts(parts: dict) -> None:
    """Refuse optimizers without a config of one.

    Args:
        parts: ``optim_wrapper``, by name.

    Raises:
        ValueError: Names the key.
    """
    for name, part in parts.items():
        if not isinstance(part, dict) or not part.get('optimizer'):
            raise UserValueError(
                f'optim_wrapper.{name} is {part!r}, expected '
                "dict(type='OptimWrapper', optimizer=dict(...))"
            )


def built_parts(
    parts: dict[str, dict], optimized: dict[str, nn.Module]
) -> CountingOptimWrapperDict:
    """Build an optimizer wrapper of each name.

    Args:
        parts: Configs by name.
        optimized: What each moves.
    """
    return CountingOptimWrapperDict(
        **{
            name: build_optim_wrapper(optimized[name], part)
            for name, part in parts.items()
        }
    )
