"""An evaluation with its options: checked, built, and not yet started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.model import BaseTTAModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from ..checkpoints.weights import check_classes, check_fits, read_checkpoint
from ..configuration.checks.post_hoc import refuse_post_hoc
from ..datasets.checks.folder_checks import (
    check_data_configs,
    check_evaluation_set,
)
from ..errors import UserFileNotFoundError, UserValueError
from ..inference.prediction_files import draws_pictures, prepare_files
from ..inference.statistics_origin import check_origin
from ..inference.test_time_augmentation import set_test_time_augmentation
from ..models.data_checks import check_num_classes
from ..models.wrapped_segmentor import unwrapped
from .config_steps import ConfigStep, take_steps
from .ranks import start_ranks

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
        path = self.checkpoint
        if '://' not in path and not Path(path).is_file():
            raise UserFileNotFoundError(f'no checkpoint file {path}')
        weights, meta = read_checkpoint(path)
        cfg.load_from, cfg.resume = path, False
        take_steps(cfg, self.config_steps(), print)
        # each rank builds for itself
        start_ranks(cfg, self.launcher)
        runner = Runner.from_cfg(cfg)
        self._check(runner, weights, meta)
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
            check_tested,
            self._set_pictures,
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

    def _set_balance(self, cfg: Config) -> None:
        """Wrap the model for post-hoc class balancing."""
        options = {
            key: getattr(self, key)
            for key in ('tau', 'domain')
            if getattr(self, key) is not None
        }
        if self.post_hoc is not None:
            refuse_post_hoc(cfg)
            cfg.model = dict(
                type='PostHocSegmentor',
                segmentor=cfg.model,
                statistics=self.post_hoc,
                **options,
            )
        elif options:
            raise UserValueError(
                f'{" and ".join(f"--{o}" for o in options)} without '
                '--post-hoc STATISTICS, whose settings they are'
            )

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

    def _check(
        self, runner: Runner, weights: Mapping[str, Any], meta: dict
    ) -> None:
        """Refuse scores of another model or of other classes."""
        model = unwrapped(runner.model)
        if isinstance(model, BaseTTAModel):
            model = model.module
        dataset = runner.test_loop.dataloader.dataset
        if getattr(model, 'balances_logits', False):
            self._warn_of_origin(runner, model, dataset)
            model = model.segmentor
        check_num_classes(model, dataset, 'test_dataloader')
        check_fits(model, weights, self.checkpoint)
        check_classes(meta, dataset, self.checkpoint)
        check_evaluation_set(dataset, 'test_dataloader.dataset')

    def _warn_of_origin(
        self, runner: Runner, model: nn.Module, dataset: Dataset
    ) -> None:
        """Say where statistics are those of other weights."""
        key = 'model.statistics' if self.post_hoc is None else '--post-hoc'
        for line in check_origin(
            model.statistics_meta,
            model.statistics_path,
            self.checkpoint,
            getattr(model.segmentor, 'predict_with', None),
            dataset.metainfo.get('classes'),
        ):
            runner.logger.warning(f'{key}: {line}')


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
