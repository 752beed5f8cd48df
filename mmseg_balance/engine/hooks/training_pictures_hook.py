"""Pictures of what a training learns from, while it does."""

from contextlib import ExitStack
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from mmseg_balance.models.wrapped_segmentor import unwrapped
from mmseg_balance.visualization.training_pictures.palette import class_palette
from mmseg_balance.visualization.training_pictures.panels import sample_rows
from mmseg_balance.visualization.training_pictures.recorder import (
    PictureRecorder,
)

from ...number_checks import check_count
from ..records.backends import check_backends
from ..records.batch_files import image_names
from ..records.classes import class_names, trained_head
from ..records.steps import recorded_step


@HOOKS.register_module()
class TrainingPicturesHook(Hook):
    """Draws an iteration: its images, labels, weights and maps.

    The first iteration and every so many, through the visualizer of the run
    and all its backends, as ``training_0`` for the first image of the batch
    of rank 0. They are the tensors that the student has been trained on, as
    the parts of the model note them; nothing is drawn at random or predicted
    once more, and the training is bit for bit the same. In other iterations
    nothing is noted.

    Args:
        interval: Iterations from one time to the next, at least 1.
        num_samples: How many images of the batch, at least 1.

    Raises:
        ValueError: A number out of range; before training: the visualizer
            has no backend.
    """

    # behind all that changes the model, and before the run may end
    priority = 'BELOW_NORMAL'
    without_effect = True

    def __init__(self, interval: int = 500, num_samples: int = 2) -> None:
        check_count(type(self).__name__, 'interval', interval)
        check_count(type(self).__name__, 'num_samples', num_samples)
        self.interval = interval
        self.num_samples = num_samples
        self._recorder: PictureRecorder | None = None

    def prepare(self, runner: Runner) -> None:
        """See ``check_backends``."""
        check_backends(type(self).__name__, runner)

    def before_train(self, runner: Runner) -> None:
        """Find names and colours of the classes."""
        self.prepare(runner)
        dataset = runner.train_dataloader.dataset
        head = trained_head(runner.model)
        self._classes = class_names(
            dataset, None if head is None else head.num_classes
        )
        meta = getattr(dataset, 'metainfo', {})
        self._palette = class_palette(meta.get('palette'), len(self._classes))

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Have the iteration noted, when it is time."""
        is_due = runner.iter == 0 or self.every_n_train_iters(
            runner, self.interval
        )
        if is_due and is_main_process():
            self._recorder = PictureRecorder(self.num_samples)
            self._recording = ExitStack()
            self._recording.enter_context(
                recorded_step(unwrapped(runner.model), self._recorder)
            )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Draw it, and let go of it."""
        if self._recorder is None:
            return
        self._recording.close()
        recorder, self._recorder = self._recorder, None
        self._draw(runner, recorder, data_batch)

    def _draw(
        self, runner: Runner, recorder: PictureRecorder, data_batch: Any
    ) -> None:
        # matplotlib, which takes a while to import
        from mmseg_balance.visualization.training_pictures.figure import (
            training_picture,
        )

        iteration = runner.iter + 1
        preprocessor = getattr(
            unwrapped(runner.model), 'data_preprocessor', None
        )
        files = image_names(data_batch)
        for i in range(self.num_samples):
            rows = sample_rows(recorder.rows, i, preprocessor, files)
            if rows:
                picture = training_picture(
                    rows,
                    self._classes,
                    self._palette,
                    f'iteration {iteration}',
                )
                runner.visualizer.add_image(
                    f'training_{i}', picture, step=iteration
                )
