"""Several optimizers: one of the student, and those of objectives."""

from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...errors import UserTypeError, UserValueError
from ...models.uda.optimization.sequential_backward import (
    DISCRIMINATOR,
    STUDENT,
)
from ...models.wrapped_segmentor import unwrapped
from .named_optim_wrapper_constructor import (
    SETTINGS,
    CountingOptimWrapperDict,
    built_parts,
    check_parts,
)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class AdversarialOptimWrapperConstructor:
    """Optimizers of a UDA model by name: the student's, and of objectives.

    An objective with discriminators has one of its own, and any objective
    may: its ``optimizer_name`` is the key here.

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
        optim_wrapper_cfg: ``student``, and the names that the objectives of
            the model have, each as ``optim_wrapper`` otherwise is,
            ``paramwise_cfg`` included. The student's ``constructor`` is
            ``StudentOptimWrapperConstructor`` by default.
        paramwise_cfg: Only None.

    Raises:
        ValueError: Keys that are no names of optimizers, the student's
            alone, or one without ``optimizer``.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        keys = set(optim_wrapper_cfg)
        if paramwise_cfg is not None:
            keys.add('paramwise_cfg')
        if STUDENT not in keys or len(keys) < 2 or keys & SETTINGS:
            raise UserValueError(
                'Expected optim_wrapper with the constructor '
                f"{type(self).__name__} to have the keys '{STUDENT}' and "
                f"'{DISCRIMINATOR}', or what else objectives have as "
                f'optimizer_name, but got {sorted(keys)}: '
                f'{", ".join(sorted(SETTINGS))} belong into each of them; '
                'where those are of _base_, _delete_=True leaves them out'
            )
        check_parts(optim_wrapper_cfg)
        parts = dict(optim_wrapper_cfg)
        own = {'constructor': 'StudentOptimWrapperConstructor'}
        self.parts = {STUDENT: {**own, **parts.pop(STUDENT)}, **parts}

    def __call__(self, model: nn.Module) -> CountingOptimWrapperDict:
        """Build them.

        Args:
            model: The model, or a wrapper around it.

        Raises:
            TypeError, ValueError: It has nothing for one of them to move.
        """
        model = unwrapped(model)
        optimized = optimized_parts(model)
        lacking = sorted(self.parts.keys() - optimized.keys())
        if lacking:
            raise UserTypeError(
                f'{type(self).__name__} found no '
                f'{" and ".join(f"{name}s" for name in lacking)} in '
                f"model.type='{type(model).__name__}': "
                + _what_to_set(lacking, optimized.keys() - self.parts.keys())
            )
        for name in self.parts:
            if next(optimized[name].parameters(), None) is None:
                raise UserValueError(
                    f'optim_wrapper.{name} has nothing to move, since the '
                    'own_modules() of the objective with that optimizer_name '
                    'have no parameters: build its modules in __init__ or '
                    'attach, as attributes of it'
                )
        built = built_parts(self.parts, optimized)
        for name, wrapper in built.items():
            if name != STUDENT and getattr(wrapper, 'passes', 1) > 1:
                raise UserValueError(
                    f'optim_wrapper.{name}.type is '
                    f'{type(wrapper).__name__}, but the losses of {name}s '
                    "make one pass a step: set it to 'OptimWrapper'; "
                    'optim_wrapper.student may make several'
                )
        return built


def _what_to_set(lacking: list[str], without: set[str]) -> str:
    if without:
        return (
            f'its objectives have the optimizer_name {sorted(without)}, '
            f'which is no key of optim_wrapper: rename {lacking} there'
        )
    return (
        'leave optim_wrapper.constructor away and move what is in '
        'optim_wrapper.student to optim_wrapper, or set model.type '
        'to a method with objectives that have such an optimizer_name'
    )


def optimized_parts(model: nn.Module) -> dict[str, nn.Module]:
    """What each optimizer of a model moves, by its name.

    Args:
        model: The model. ``optimized`` says so; of one without, the student
            is ``trainable``, or the whole, beside its ``discriminators``.
    """
    found = getattr(model, 'optimized', None)
    if found is not None:
        return found
    # not the whole where it says more: other constructors would take all
    parts = {
        STUDENT: getattr(model, 'trainable', model),
        DISCRIMINATOR: getattr(model, 'discriminators', None),
    }
    return {name: part for name, part in parts.items() if part is not None}
