"""Predicts the frame before each image of a validation or test."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmengine.runner import Runner
from mmengine.runner.amp import autocast
from mmseg.registry import HOOKS

from ....errors import UserValueError
from ....models.declarations import takes_frames
from ....models.frames.earlier_predictions import predict_earlier
from ....models.wrapped_segmentor import unwrapped


@HOOKS.register_module()
class PredictPreviousFrameHook(Hook):
    """Gives each image of an evaluation the prediction of the frame before.

    For ``TemporalConsistencyMetric``, with which commands of this package
    add it. The data set loads the frames (``LoadPreviousFrame``,
    ``LoadOpticalFlow`` and ``PackFrameInputs`` in its pipeline); images that
    are the first of a sequence have none, and get none. An evaluation takes
    twice the time.

    Raises:
        ValueError: Before a test: it averages over several views.
    """

    without_effect = True  # on what is trained
    _has_told = False

    def before_val(self, runner: Runner) -> None:
        """Say what a network that fuses frames sees."""
        self._tell(runner)

    def before_test(self, runner: Runner) -> None:
        """Refuse test-time augmentation."""
        self._tell(runner)
        if isinstance(unwrapped(runner.model), BaseTTAModel):
            raise UserValueError(
                'TemporalConsistencyMetric compares two predictions of one '
                'view each, and the model averages over several (--tta): '
                'leave one of them away'
            )

    def before_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Predict, into the samples of the batch."""
        # in the precision of the loop
        with autocast(enabled=getattr(runner.val_loop, 'fp16', False)):
            model = unwrapped(runner.model)
            predict_earlier(model, runner.model.val_step, data_batch)

    def before_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Predict, into the samples of the batch."""
        with autocast(enabled=getattr(runner.test_loop, 'fp16', False)):
            model = unwrapped(runner.model)
            predict_earlier(model, runner.model.test_step, data_batch)

    def _tell(self, runner: Runner) -> None:
        modules = unwrapped(runner.model).modules()
        if not self._has_told and any(map(takes_frames, modules)):
            self._has_told = True
            runner.logger.warning(
                'temporal consistency: the network fuses frames, and predicts '
                'the earlier frame of each pair as the first one of a '
                'sequence, since what was before it is not loaded'
            )
