"""An evaluation with its options: checked, built, and not yet started."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmengine.config import Config
from mmengine.model import BaseTTAModel
from mmengine.runner import Runner

from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.initial.timm_weights import keep_from_fetching
from ..configuration.checks.needed_hooks import register_metric_hooks
from ..configuration.checks.predictions import check_predicts_labels
from ..configuration.temporal_score import (
    ask_temporal_score,
    load_scored_pairs,
)
from ..datasets.checks import (
    check_data_configs,
    check_evaluation_set,
)
from ..datasets.video.scored_pairs import check_has_pairs
from ..errors import UserValueError
from ..inference.post_hoc import (
    balance_model,
    balancing,
    check_balancing,
    segmentor_of,
)
from ..inference.prediction_files import draws_pictures, prepare_files
from ..inference.test_time_augmentation import set_test_time_augmentation
from ..models.wrapped_segmentor import unwrapped
from .config_steps import ConfigStep, take_steps
from .ranks import start_ranks
from .records.scores import OriginHook

TEST_KEYS = ('test_dataloader', 'test_evaluator', 'test_cfg')


@dataclass(frozen=True)
class Evaluation:
    """What a command line says of an evaluation, beside its config.

    Args:
        checkpoint: File of the weights.
        out: Folder for predictions as PNG of class numbers.
        show: Whether to show predictions in a window.
        show_dir: Folder for painted predictions.
        wait_time: Seconds between two pictures that are shown.
        tta: Whether to average over augmented images.
        temporal: How much smaller the number of the frame before an image
            is, to score temporal consistency as well; True for what the data
            set says. Default: it is not scored.
        post_hoc: File of statistics that balance the classes (Eq. 7).
        tau: Scale of that offset, by default 1.
        domain: Whose distributions it takes, by default the target's.
        launcher: What started several processes: ``none``, ``pytorch``,
            ``slurm`` or ``mpi``.
    """

    checkpoint: str
    out: str | None = None
    show: bool = False
    show_dir: str | None = None
    wait_time: float = 2
    tta: bool = False
    temporal: int | bool | None = None
    post_hoc: str | None = None
    tau: float | None = None
    domain: str | None = None
    launcher: str = 'none'

    def build(self, cfg: Config) -> Runner:
        """Runner of the evaluation.

        Args:
            cfg: Config of ``load_run``, changed in place.

        Returns:
            The runner; ``test()`` is all that is left.

        Raises:
            OSError: The checkpoint or a folder is missing.
            ValueError: Something cannot work; says what mends it.
        """
        checkpoint = Checkpoint.read(self.checkpoint)
        cfg.load_from, cfg.resume = checkpoint.path, False
        keep_from_fetching(cfg.model)
        take_steps(cfg, self.config_steps(), print)
        # each rank builds for itself
        start_ranks(cfg, self.launcher)
        runner = Runner.from_cfg(cfg)
        self._check(runner, checkpoint)
        register_metric_hooks(runner, runner.test_loop)
        runner.register_hook(OriginHook(checkpoint.path, checkpoint.meta, cfg))
        prepare_files(
            runner.test_loop.dataloader.dataset,
            runner.test_loop.evaluator.metrics,
            runner.visualizer if draws_pictures(runner) else None,
        )
        return runner

    def config_steps(self) -> tuple[ConfigStep, ...]:
        """What checks and changes the config, one after the other.

        Returns:
            The steps in their order.
        """
        return (
            check_predicts_labels,
            check_tested,
            self._set_pictures,
            self._set_pairs,
            # around the model, and test-time augmentation around both
            self._set_balance,
            self._set_augmentation,
            self._set_folder,
            check_test_folders,
        )

    def _set_pictures(self, cfg: Config) -> None:
        if self.show or self.show_dir:
            set_pictures(
                cfg, self.show_dir, self.wait_time if self.show else None
            )

    def _set_pairs(self, cfg: Config) -> list[str]:
        if self.temporal is not None:
            check_temporal(self.temporal, self.tta)
            step = None if self.temporal is True else self.temporal
            ask_temporal_score(cfg, step)
        return load_scored_pairs(cfg, ('test',))

    def _set_balance(self, cfg: Config) -> None:
        settings = balancing(self.post_hoc, self.tau, self.domain)
        balance_model(cfg, settings)

    def _set_augmentation(self, cfg: Config) -> list[str]:
        return set_test_time_augmentation(cfg) if self.tta else []

    def _set_folder(self, cfg: Config) -> None:
        """Save predictions as well."""
        if self.out is None:
            return
        evaluators = cfg.test_evaluator
        for metric in (
            [evaluators] if isinstance(evaluators, dict) else evaluators
        ):
            metric.output_dir = self.out
            metric.keep_results = True

    def _check(self, runner: Runner, checkpoint: Checkpoint) -> None:
        """Refuse scores of another model or of other classes."""
        model = unwrapped(runner.model)
        if isinstance(model, BaseTTAModel):
            model = model.module
        dataset = runner.test_loop.dataloader.dataset
        key = 'model.statistics' if self.post_hoc is None else '--post-hoc'
        classes = getattr(dataset, 'metainfo', {}).get('classes')
        for line in check_balancing(model, checkpoint.path, classes):
            runner.logger.warning(f'{key}: {line}')
        checkpoint.check(segmentor_of(model), dataset)
        check_evaluation_set(dataset, 'test_dataloader.dataset')
        metrics = runner.test_loop.evaluator.metrics
        check_has_pairs(dataset, 'test_dataloader.dataset', metrics)


def check_temporal(step: int | bool, tta: bool) -> None:
    """Refuse a step back in time, and several views.

    Args:
        step: Of ``--temporal``; True where it is not said.
        tta: Whether there are several views of an image.

    Raises:
        ValueError: Names the option.
    """
    if step < 1:
        raise UserValueError(
            f'Expected --temporal to be the difference of the numbers of two '
            f'frames, at least 1, but got {step}'
        )
    if tta:
        raise UserValueError(
            '--temporal compares two predictions of one view each, and --tta '
            'averages over several: leave one of them away'
        )


def check_tested(cfg: Config) -> None:
    """Refuse a config that does not say what to test.

    Args:
        cfg: The config.

    Raises:
        ValueError: Names the keys that are missing.
    """
    need(cfg, ['model', *TEST_KEYS], 'mmseg-balance test')


def check_test_folders(cfg: Config) -> None:
    """Check the folders of the test set; those of training are not needed.

    Args:
        cfg: Config with ``test_dataloader``.

    Raises:
        FileNotFoundError: One is missing; names it.
    """
    check_data_configs(Config(dict(test_dataloader=cfg.test_dataloader)))


def need(cfg: Config, keys: Sequence[str], option: str) -> None:
    """Refuse an option that the config has no settings for.

    Args:
        cfg: The config.
        keys: What it must have.
        option: The option, to name.

    Raises:
        ValueError: Names the keys that are missing.
    """
    missing = [key for key in keys if not cfg.get(key)]
    if missing:
        raise UserValueError(
            f'{option} needs the keys {missing} in the config: set them as '
            'the files of configs/_base_ in MMSegmentation do'
        )


def set_pictures(
    cfg: Config, folder: str | None, wait_time: float | None
) -> None:
    """Turn the painted predictions on.

    Args:
        cfg: Config to change: its visualization hook and visualizer.
        folder: Folder for the pictures.
        wait_time: Seconds for which each is shown in a window; by default
            none is.

    Raises:
        ValueError: The config has no such hook or visualizer.
    """
    need(cfg, ['default_hooks', 'visualizer'], '--show and --show-dir')
    hook = cfg.default_hooks.get('visualization')
    if hook is None:
        raise UserValueError(
            "default_hooks has no 'visualization', which --show and "
            "--show-dir need: add visualization=dict(type='SegVisualization"
            "Hook') to default_hooks"
        )
    hook.draw = True
    hook.setdefault('interval', 1)
    if wait_time is not None:
        hook.show, hook.wait_time = True, wait_time
    if folder:
        cfg.visualizer.save_dir = folder
