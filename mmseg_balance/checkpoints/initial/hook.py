"""Loads the checkpoint that ``load_from`` names into the model of a run."""

from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from ...models.wrapped_segmentor import unwrapped
from ..weights import state_dict_of
from .files import check_initial_fit, read_initial_file
from .weights import InitialWeights, initial_weights


class InitialWeightsHook(Hook):
    """Loads what :func:`initial_weights` takes, and says so in one line.

    Args:
        path: What ``load_from`` names.
        classes: Names of the classes of the run.
    """

    priority = 'VERY_HIGH'  # before hooks that copy what is loaded

    def __init__(self, path: str, classes: Sequence[str] = ()) -> None:
        self.path = path
        self.classes = tuple(classes or ())

    def check(self, model: nn.Module) -> None:
        """Read the checkpoint, and refuse it, before anything is loaded.

        Args:
            model: The model, wrapped or not.

        Raises:
            OSError, ValueError: It cannot be read or does not suit; see
                :func:`initial_weights`.
        """
        content = read_initial_file('load_from', self.path)
        if content is not None:
            self._taken(model, content)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Replace the weights by those that the model takes."""
        model = unwrapped(runner.model)
        taken = self._taken(model, checkpoint)
        # EMAHook saves the averages as the weights, and those beside them
        averaged = 'ema_state_dict' in checkpoint
        runner.logger.info(
            taken.line + '; its weights are the averages of EMAHook' * averaged
        )
        # all others are the model's own, so that mmengine misses none
        checkpoint['state_dict'] = {**model.state_dict(), **taken.state}

    def _taken(self, model: nn.Module, content: Any) -> InitialWeights:
        weights = state_dict_of(content, self.path)
        meta = content.get('meta') or {}
        trained = (meta.get('dataset_meta') or {}).get('classes')
        return initial_weights(
            unwrapped(model),
            weights,
            self.path,
            trained or meta.get('CLASSES') or (),
            self.classes,
        )


def prepare_initial_weights(runner: Runner) -> None:
    """Look at the files of initial weights, before anything is loaded.

    Args:
        runner: Runner with its training loop. Where its config has a
            ``load_from`` and does not resume, it is given the hook.

    Raises:
        OSError, ValueError: A file does not suit the model; names the key.
    """
    for line in check_initial_fit(runner.model):
        runner.logger.warning(line)
    path = runner.cfg.get('load_from')
    if not path or runner.cfg.get('resume'):
        return
    meta = getattr(runner.train_dataloader.dataset, 'metainfo', {})
    hook = InitialWeightsHook(path, meta.get('classes') or ())
    hook.check(runner.model)
    runner.register_hook(hook)
