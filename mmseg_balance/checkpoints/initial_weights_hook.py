"""Loads the checkpoint that ``load_from`` names into the model of a run."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from ..engine.weights import read_checkpoint, state_dict_of
from .initial_weights import InitialWeights, initial_weights


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
        try:
            weights, meta = read_checkpoint(self.path)
        except (FileNotFoundError, ConnectionError, ValueError) as error:
            raise type(error)(
                f'load_from: {error}; name another file with --cfg-options '
                'load_from=/path/to/file.pth'
            ) from error
        self._taken(model, weights, meta)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Replace the weights by those that the model takes."""
        model = _unwrapped(runner.model)
        weights = state_dict_of(checkpoint, self.path)
        taken = self._taken(model, weights, checkpoint.get('meta') or {})
        # EMAHook saves the averages as the weights, and those beside them
        averaged = 'ema_state_dict' in checkpoint
        runner.logger.info(
            taken.line + '; its weights are the averages of EMAHook' * averaged
        )
        # all others are the model's own, so that mmengine misses none
        checkpoint['state_dict'] = {**model.state_dict(), **taken.state}

    def _taken(
        self, model: nn.Module, weights: dict[str, Tensor], meta: dict
    ) -> InitialWeights:
        trained = (meta.get('dataset_meta') or {}).get('classes')
        return initial_weights(
            _unwrapped(model),
            weights,
            self.path,
            trained or meta.get('CLASSES') or (),
            self.classes,
        )


def _unwrapped(model: nn.Module) -> nn.Module:
    return model.module if is_model_wrapper(model) else model
