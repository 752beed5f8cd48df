"""A training with its options: checked, built, and not yet started."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from ..checkpoints.initial.files import check_initial_files
from ..checkpoints.initial.hook import prepare_initial_weights
from ..configuration.checks.agreement import check_agreement
from ..configuration.checks.number_keys import check_numbers
from ..configuration.checks.settling import settle_config
from ..configuration.checks.stages import check_stages
from ..configuration.checks.training import check_config
from ..configuration.constants.resolving import resolve_constants
from ..configuration.reading import load_config
from ..configuration.run_options import add_hook, enable_amp
from ..configuration.temporal_score import load_scored_pairs
from ..datasets.checks import check_data_configs
from ..engine.hooks.protocols import PreparesTraining
from ..inference.prediction_files import draws_pictures, prepare_files
from .build import build_runner, check_required, check_resume
from .config_steps import ConfigStep, take_steps
from .dry_run.trial import DryRunHook
from .ranks import start_ranks
from .records.settings import settings_of
from .resumed_checkpoint import meta_to_resume, set_resume, trained_with
from .resuming.optimization import prepare_resume
from .seed import set_seed
from .trained_parts import resolve_trained_parts
from .work_dir import set_work_dir

# hook of an option
OPTION_HOOKS = dict(compile='CompileHook', channels_last='ChannelsLastHook')
# of one that says how often
INTERVAL_HOOKS = dict(
    pictures='TrainingPicturesHook', class_scalars='ClassScalarsHook'
)


def load_run(
    config: str,
    overrides: Mapping[str, Any] | None = None,
    data_roots: Sequence[str] | None = None,
    work_dir: str | None = None,
) -> Config:
    """Config of a run, with what the command line says.

    Args:
        config: Config file, or the name of one.
        overrides: Values by dotted key.
        data_roots: Folders of data sets, as ``--data-root`` gives them.
        work_dir: Folder of the run; by default the config's, else
            work_dirs/<name of the config file>.

    Returns:
        The config.

    Raises:
        FileNotFoundError: There is no such config.
        ValueError: It is no Python, or a data root fits no data set.
    """
    cfg = load_config(config, dict(overrides or {}), data_roots)
    set_work_dir(cfg, work_dir)
    return cfg


def warn(line: str) -> None:
    """Say something about the config, once for all ranks."""
    rank = os.environ.get('RANK') or os.environ.get('SLURM_PROCID') or 0
    if int(rank) == 0:
        print(f'warning: {line}', file=sys.stderr)


def settle_constants(cfg: Config, note: Callable[[str], None]) -> list[str]:
    """See ``resolve_constants``; numbers of a checkpoint stay.

    Args:
        cfg: Config to change.
        note: Is given a line for each that was settled.

    Returns:
        Lines for the user.
    """
    return resolve_constants(cfg, settings_of(meta_to_resume(cfg)), note)


@dataclass(frozen=True)
class Training:
    """What a command line says of a training, beside its config.

    Args:
        overrides: What was changed in the config, by dotted key.
        resume: Checkpoint to go on from, see ``set_resume``.
        seed: Random seed; by default that of the config, else 0.
        amp: Whether to train in mixed precision.
        compile: Whether to compile backbones and heads.
        channels_last: Whether convolutions are channels-last.
        pictures: Iterations from one training picture to the next, see
            ``TrainingPicturesHook``; by default what the config says.
        class_scalars: Likewise of ``ClassScalarsHook``.
        launcher: What started several processes: ``none``, ``pytorch``,
            ``slurm`` or ``mpi``.
    """

    overrides: Mapping[str, Any] = field(default_factory=dict)
    resume: str | None = None
    seed: int | None = None
    amp: bool = False
    compile: bool = False
    channels_last: bool = False
    pictures: int | None = None
    class_scalars: int | None = None
    launcher: str = 'none'

    def build(self, cfg: Config) -> tuple[Runner, str | None]:
        """Runner of the run.

        Args:
            cfg: Config of :func:`load_run`, changed in place.

        Returns:
            The runner; and a line for the user where the checkpoint to
            resume from is of the end, else None.

        Raises:
            OSError: A file or folder is missing.
            ValueError: Something cannot work; says what mends it.
        """
        settled: list[str] = []
        take_steps(cfg, self.config_steps(settled.append), warn)
        # each rank builds for itself
        start_ranks(cfg, self.launcher)
        runner = build_runner(cfg)
        for line in settled:
            runner.logger.info(line)
        prepare_initial_weights(runner)
        prepare_validation(runner)
        prepare_hooks(runner)
        done = resume_from_checkpoint(runner)
        # behind all that prepares the run
        if cfg.get('dry_run', True):
            runner.register_hook(DryRunHook(), 'LOWEST')
        return runner, done

    def config_steps(
        self, note: Callable[[str], None] = print
    ) -> tuple[ConfigStep, ...]:
        """What checks and changes the config, one after the other.

        Args:
            note: Is given lines on what was settled.

        Returns:
            The steps in their order.
        """
        return (
            check_required,
            # before all that looks at the model
            resolve_trained_parts,
            check_numbers,
            # by the folder of the run; sets what is loaded at the start
            partial(set_resume, resume=self.resume),
            # numbers in place of 'auto', which a resumed run keeps
            partial(settle_constants, note=note),
            # fills in what the model needs and the options add to
            partial(settle_config, options=self.overrides),
            check_agreement,
            partial(load_scored_pairs, parts=('val',)),
            self._set_options,
            # that of the checkpoint to go on from, unless another is asked
            self._set_seed,
            check_config,
            check_stages,
            check_data_configs,
            # of those that the model starts from, none in a resumed run
            check_initial_files,
        )

    def _set_options(self, cfg: Config) -> None:
        """Mixed precision, and the hooks of other options."""
        if self.amp:
            enable_amp(cfg)
        for option, hook in OPTION_HOOKS.items():
            if getattr(self, option):
                add_hook(cfg, hook)
        for option, hook in INTERVAL_HOOKS.items():
            interval = getattr(self, option)
            if interval is not None:
                add_hook(cfg, hook, interval=interval)

    def _set_seed(self, cfg: Config) -> list[str]:
        return set_seed(cfg, self.seed, self.overrides, trained_with(cfg))


def resume_from_checkpoint(runner: Runner) -> str | None:
    """Compare a run with the checkpoint that it goes on from, if it does.

    Args:
        runner: A runner, built.

    Returns:
        A line for the user where the checkpoint is of the end, else None.

    Raises:
        ValueError: It is of another model or optimizer.
    """
    cfg = runner.cfg
    if not (cfg.get('resume') and cfg.get('load_from')):
        return None
    done = check_resume(runner, cfg.load_from)
    prepare_resume(runner, cfg.load_from)
    return done


def prepare_validation(runner: Runner) -> None:
    """Refuse to write predictions of validations over a user's files.

    Args:
        runner: A runner, built.

    Raises:
        FileExistsError: Such a file is there.
    """
    if runner.val_loop is not None:
        prepare_files(
            runner.val_loop.dataloader.dataset,
            runner.val_loop.evaluator.metrics,
            runner.visualizer if draws_pictures(runner) else None,
        )


def prepare_hooks(runner: Runner) -> None:
    """Let the hooks that can fail do so before the first iteration.

    Args:
        runner: A runner, built.

    Raises:
        Exception: What a hook finds wrong; says what mends it.
    """
    for hook in runner.hooks:
        if isinstance(hook, PreparesTraining):
            line = hook.prepare(runner)
            if line is not None:
                runner.logger.warning(line)
