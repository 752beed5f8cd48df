"""Two optimizers: one of the student, one of the discriminators."""

from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...errors import UserTypeError, UserValueError
from ...models.uda.optimization.sequential_backward import (
    DISCRIMINATOR,
    STUDENT,
)
from ...models.wrapped_segmentor import unwrapped


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
class AdversarialOptimWrapperConstructor:
    """Optimizers of a UDA model with discriminators.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='AdversarialOptimWrapperConstructor',
        ...     student=dict(
        ...         type='OptimWrapper',
        ...         optimizer=dict(type='SGD', lr=2.5e-4, momentum=0.9)),
        ...     discriminator=dict(
        ...         type='OptimWrapper',
        ...         optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.99))))

    Schedulers are given for each: ``param_scheduler = dict(student=[...],
    discriminator=[...])``.

    Args:
        optim_wrapper_cfg: ``student`` and ``discriminator``, each as
            ``optim_wrapper`` otherwise is, ``paramwise_cfg`` included. The
            student's ``constructor`` is ``StudentOptimWrapperConstructor``
            by default.
        paramwise_cfg: Only None.

    Raises:
        ValueError: Other keys, or one of the two without ``optimizer``.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        keys = set(optim_wrapper_cfg)
        if paramwise_cfg is not None:
            keys.add('paramwise_cfg')
        if keys != {STUDENT, DISCRIMINATOR}:
            raise UserValueError(
                'Expected optim_wrapper with the constructor '
                f"{type(self).__name__} to have the keys '{STUDENT}' and "
                f"'{DISCRIMINATOR}', but got {sorted(keys)}: optimizer, type, "
                'clip_grad, paramwise_cfg and others belong into each of the '
                'two'
            )
        for name, part in optim_wrapper_cfg.items():
            if not isinstance(part, dict) or not part.get('optimizer'):
                raise UserValueError(
                    f'optim_wrapper.{name} is {part!r}, expected '
                    "dict(type='OptimWrapper', optimizer=dict(...))"
                )
        self.student = {
            'constructor': 'StudentOptimWrapperConstructor',
            **optim_wrapper_cfg[STUDENT],
        }
        self.discriminator = optim_wrapper_cfg[DISCRIMINATOR]

    def __call__(self, model: nn.Module) -> CountingOptimWrapperDict:
        """Build both.

        Args:
            model: The model, or a wrapper around it.

        Raises:
            TypeError: It has no discriminators.
        """
        model = unwrapped(model)
        discriminators = getattr(model, 'discriminators', None)
        if discriminators is None:
            raise UserTypeError(
                f'{type(self).__name__} found no discriminators in '
                f"model.type='{type(model).__name__}': leave "
                'optim_wrapper.constructor away and move what is in '
                'optim_wrapper.student to optim_wrapper, or set model.type '
                "to 'AdaptSegNet' or 'AdvEnt'"
            )
        wrappers = {
            # not the whole: other constructors would take all there is
            STUDENT: build_optim_wrapper(
                getattr(model, 'trainable', model), self.student
            ),
            DISCRIMINATOR: build_optim_wrapper(
                discriminators, self.discriminator
            ),
        }
        return CountingOptimWrapperDict(**wrappers)
