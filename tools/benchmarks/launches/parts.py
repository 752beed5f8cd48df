"""The parts of a training step, told apart by the functions they are in.

The package knows nothing of it: its functions are wrapped from here, as long
as a step is counted.
"""

import functools
import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

from .counting import OTHER, Launches

MODELS = 'mmseg_balance.models'
FOLLOWED = 'mmseg_balance.logits.statistics'
STATISTICS = f'{FOLLOWED}.online:LogitStatistics'
BANKS = f'{FOLLOWED}.distributions:LogitDistributions'
OBJECTIVES = f'{MODELS}.uda.objectives'
# module and name within it; of functions within others the innermost counts
FUNCTIONS = {
    f'{MODELS}.uda.segmentor:UDASegmentor.prepare': 'images',
    f'{MODELS}.uda.target_fields:label_images': 'teacher',
    f'{MODELS}.uda.student_teacher:StudentTeacher.teacher_logits': 'teacher',
    f'{MODELS}.uda.student_teacher:StudentTeacher.update_teacher': 'teacher',
    f'{MODELS}.uda.learning:_learn': 'student',
    f'{OBJECTIVES}.class_mixed:ClassMixedObjective.training_batch': 'mixing',
    f'{OBJECTIVES}.masked:MaskedObjective.training_batch': 'mixing',
    f'{OBJECTIVES}.cross_attention:'
    'CrossAttentionObjective.training_batch': 'mixing',
    f'{MODELS}.uda.distances.feature_distance:'
    'FeatureDistance.forward': 'feature distance',
    f'{OBJECTIVES}.feature_alignment:'
    'FeatureAlignmentObjective.keep': 'kept features',
    f'{OBJECTIVES}.feature_alignment:'
    'FeatureAlignmentObjective.target_losses': 'alignment',
    f'{MODELS}.uda.alignment.segments:component_roots': 'objects',
    f'{MODELS}.head_losses.segmentation_loss:loss_values': 'loss',
    f'{MODELS}.head_losses.segmentation_loss:pixel_accuracy': 'loss',
    f'{STATISTICS}.collect': 'sampling',
    f'{STATISTICS}.update': 'EM',
    f'{BANKS}.table': 'table',
    f'{MODELS}.uda.density.density_estimation:'
    'DensityEstimation.forward': 'density',
    f'{MODELS}.uda.optimization.sequential_backward:'
    'SequentialBackward.backward': 'backward',
    f'{MODELS}.uda.optimization.sequential_backward:'
    'SequentialBackward.step': 'optimizer',
}
PARTS = (*dict.fromkeys(FUNCTIONS.values()), OTHER)


@contextmanager
def told_apart(launches: Launches) -> Iterator[None]:
    """Let functions of the package say which part of the step they are.

    Args:
        launches: Told what it counts in.

    Raises:
        LookupError: A function is not where it was.
    """
    with ExitStack() as stack:
        for path, part in FUNCTIONS.items():
            owner, name = found(path)
            inside = functools.partial(launches.inside, part)
            wrapped = wrap(vars(owner)[name], inside)
            stack.enter_context(mock.patch.object(owner, name, wrapped))
        yield


def found(path: str) -> tuple[ModuleType | type, str]:
    """Module or class, and the name in it, that a path speaks of."""
    module_name, _, names = path.partition(':')
    owner: Any = importlib.import_module(module_name)
    *within, name = names.split('.')
    for each in within:
        owner = getattr(owner, each)
    if name not in vars(owner):
        raise LookupError(
            f'{path} is none of the functions of a step any more: put the one '
            'that took its place into FUNCTIONS of '
            'tools/benchmarks/launches/parts.py'
        )
    return owner, name


def wrap(function: Any, inside: Callable) -> Any:
    """A function, or a property, that runs within a context.

    Args:
        function: As it stands in its module or class.
        inside: Makes the context.
    """
    if isinstance(function, property):
        return property(wrap(function.fget, inside))

    @functools.wraps(function)
    def within(*args, **kwargs):
        with inside():
            return function(*args, **kwargs)

    return within
