"""What classes of a model say about themselves, for all that train it.

Engine, configuration and runs know no loss, objective or method by name: what
they have to know of one is an attribute of its class. Any may be left out.
Read from a config, before anything is built:

- ``required_hooks``: a dict, name of a hook: what of the model needs it, as an
  end of "it is added, since model has ...", in which '{type}' is the type in
  the config. What base classes name counts as well.
- ``needs_hook(hook, config)``, a classmethod: whether with this config it
  needs one of them. Default: it does.
- ``not_trainable``: why a model cannot be trained, as an end of "which ...".
- ``predicts_no_labels``: why a model cannot be evaluated, exported, or label
  images, as an end of "which ...".
- ``unmerged_views``: what of a segmentor's predictions is not merged over
  views at test time, as an end of "which ...".
- ``balances_logits``: whether what a model predicts are balanced scores.
- ``checks_losses``: whether a model's own ``train_step`` ends a training whose
  loss is no number.
- ``builds_teacher(config)``, a classmethod: whether a model has a teacher.
- ``makes_passes``: whether a model's own ``train_step`` makes as many backward
  passes as its optimizer needs, see ``SeveralPasses``.
- ``run_constants``: settings that may be 'auto', and how each follows from the
  training, see :mod:`mmseg_balance.models.run_constants`.
- ``trained_parts``: names of arguments that take a segmentor with its weights,
  in whose place a config may name a config and a checkpoint.

Read from what is built, by ``CompileHook``:

- ``compiled_parts``: names of the networks in it, beside those of segmentors.
- ``compile_note``: what to tell a user who compiles it.

Read from what is built, by the feature distance:

- ``begins_at_random``: whether maps of a backbone are made by layers that no
  published file has weights of, so that none are worth staying near to.
  Default: they are not.

Read from what is built, and from a config:

- ``labels_images``: whether a model gives an image one label, see
  :func:`labels_images`. Default: it labels pixels.
- ``takes_frames``: whether a segmentor predicts from an image and the frame
  before it, stacked as ``FrameDataPreProcessor`` does. Default: from images.

Read from what is built, by hooks that record an iteration:

- ``notes_steps``: whether a model notes itself what its steps are given, see
  ``note_step``, in its ``prepare(data)``.
"""

from typing import Any

from mmseg.registry import MODELS
from torch import Tensor, nn

from ..errors import UserTypeError
from ..files.config_walk import class_of, type_name


def declared(config: dict, name: str) -> Any:
    """What the class of a part says of itself, before it is built.

    Args:
        config: A dict in the config of a model.
        name: Attribute of the class.

    Returns:
        The attribute; None where there is none, or no class.
    """
    return getattr(class_of(config, MODELS), name, None)


def required_hooks(kind: type) -> dict[str, str]:
    """Hooks that a class and its base classes depend on.

    Args:
        kind: Class of a loss, an objective, a segmentor or any module.

    Returns:
        What of the model needs it, by the name of the hook.

    Raises:
        TypeError: ``required_hooks`` is no dict of texts.
    """
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        own = vars(base).get('required_hooks', {})
        is_dict = isinstance(own, dict)
        if not is_dict or not all(isinstance(v, str) for v in own.values()):
            raise UserTypeError(
                f'{base.__name__}.required_hooks is {own!r}, expected a dict: '
                'name of the hook, and what of the model needs it'
            )
        found |= own
    return found


def hooks_of(config: dict) -> dict[str, str]:
    """Hooks that the part of a model with this config depends on.

    Args:
        config: A dict in the config of a model.

    Returns:
        As :func:`required_hooks`, with the type of this config.
    """
    kind = class_of(config, MODELS)
    if not isinstance(kind, type):
        return {}
    needs = declared(config, 'needs_hook')
    return {
        name: reason.replace('{type}', type_name(config))
        for name, reason in required_hooks(kind).items()
        if needs is None or needs(name, config)
    }


def labels_images(model: nn.Module) -> bool:
    """Whether a model gives an image one label, and not each pixel one.

    Its labels are (N, 1, 1), its logits (N, C, 1, 1), whatever the size of
    the images.

    Args:
        model: A segmentor or a classifier, or a model around one, also one
            for several ranks or for views at test time.
    """
    found = getattr(model, 'labels_images', None)
    inner = getattr(model, 'module', None)
    if found is None and isinstance(inner, nn.Module):
        return labels_images(inner)
    return bool(found)


def takes_frames(segmentor: nn.Module) -> bool:
    """Whether a segmentor predicts from images with frames before them.

    Args:
        segmentor: Built.
    """
    return bool(getattr(segmentor, 'takes_frames', False))


def label_size(model: nn.Module, images: Tensor) -> tuple[int, int]:
    """Height and width of the labels of images.

    Args:
        model: As above.
        images: (N, 3, H, W).

    Returns:
        (H, W); of a classifier (1, 1).
    """
    if labels_images(model):
        return 1, 1
    height, width = images.shape[-2:]
    return height, width


def modules_with_hook(model: nn.Module, hook: str) -> list[nn.Module]:
    """Modules of a model whose classes name a hook.

    Args:
        model: The model, without its wrapper.
        hook: Name of the hook.
    """
    return [m for m in model.modules() if hook in required_hooks(type(m))]
