"""Whether a folder has the run that mmseg-balance reproduce is asked for."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

from ...checkpoints.weights import read_checkpoint
from ...configuration.checks.settling import settle_config
from ...configuration.constants.resolving import resolve_constants
from ...configuration.options import OptionAction
from ...configuration.reading import load_config
from ...inference.domain_data import build_domains
from ...inference.passes.statistics_pass import changed_pass, pass_settings
from ...logits.statistics.file import load_statistics
from ..records.provenance import (
    PROVENANCE_KEY,
    changed_provenance,
    describe_data,
    provenance,
)
from ..records.settings import RANKS_KEY, changed_settings, settings_of
from ..seed import SEED_KEY, seed_of
from ..work_dir import default_work_dir, latest_checkpoint


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """Overrides as mmseg-balance train reads them.

    Args:
        options: KEY=VALUE each, as on the command line.

    Returns:
        Values by dotted key.
    """
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction)
    return (
        parser.parse_args(
            ['--cfg-options', *options] if options else []
        ).cfg_options
        or {}
    )


def run_config(
    config: str,
    seed: int | None = None,
    options: Sequence[str] = (),
    ranks: int = 1,
    data_roots: Sequence[str] | None = None,
) -> Config:
    """Config of a run as mmseg-balance train will have it.

    Args:
        config: Config file.
        seed: Value of ``--seed``.
        options: Overrides, KEY=VALUE each.
        ranks: Number of processes.
        data_roots: Folders of data sets, as ``--data-root`` gives them.

    Returns:
        The config, with its seed and number of ranks.

    Raises:
        ValueError: Two seeds are named.
    """
    overrides = parse_options(options)
    named, _ = seed_of(seed, overrides)
    cfg = load_config(config, overrides, data_roots)
    # training says what it changed
    resolve_constants(cfg, note=lambda _: None)
    settle_config(cfg, overrides)
    if not cfg.get('randomness'):
        cfg.randomness = dict(seed=None)
    if named is None:
        named = cfg.randomness.get('seed') or 0
    cfg.merge_from_dict({SEED_KEY: named, RANKS_KEY: ranks})
    return cfg


def find_work_dir(config: str, seed: int) -> Path:
    """Folder of a run of a seed, whose name has the seed.

    A training that was begun in the folder without one is gone on with where
    it is of this seed.

    Args:
        config: Config file that is trained.
        seed: The seed.

    Returns:
        The folder, which may be missing.
    """
    plain = Path(default_work_dir(config))
    named = plain.with_name(f'{plain.name}_seed{seed}')
    if latest_checkpoint(named) is None:
        earlier = latest_checkpoint(plain)
        if earlier is not None and _seed(earlier) == seed:
            return plain
    return named


def compare_with(checkpoint: Path, cfg: Config) -> tuple[list[str], list[str]]:
    """What a checkpoint is of, beside a run that would go on with it.

    Args:
        checkpoint: The checkpoint.
        cfg: Config of :func:`run_config`.

    Returns:
        Lines of what makes its numbers those of another run; and of what may
        not: another version or place of files.
    """
    meta = read_checkpoint(str(checkpoint))[1]
    old, seed = settings_of(meta), meta.get('seed')
    if seed is None and old is not None:
        seed = (old.get('randomness') or {}).get('seed')
    if seed is None:  # whose numbers could be those of any
        return [f'{SEED_KEY} was (not noted), is {cfg.randomness.seed}'], []
    if old is None:
        wrong = [f'{SEED_KEY} was {seed}, is {cfg.randomness.seed}']
        line = f'{checkpoint} does not say what it was trained with'
        return wrong if seed != cfg.randomness.seed else [], [line]
    if meta.get('seed') is not None:
        old.merge_from_dict({SEED_KEY: meta['seed']})
    settle_config(old)  # of a version that did not
    changes = changed_settings(old, cfg)
    wrong = [str(c) for c in changes if not c.is_place]
    hints = [str(c) for c in changes if c.is_place]
    before = old.get(PROVENANCE_KEY)
    if before is not None:
        changed = changed_provenance(before, _now(cfg, before))
        wrong += changed['data']
        hints += changed['code']
    return wrong, hints


def stale_statistics(
    statistics: Path, checkpoint: Path, cfg: Config
) -> list[str]:
    """Why a file of statistics is not that of a checkpoint.

    Args:
        statistics: File of mmseg-balance logits fit.
        checkpoint: The checkpoint.
        cfg: Config of :func:`run_config`.

    Returns:
        A line for each difference; none where it can be taken.
    """
    try:
        then = load_statistics(statistics)[1].get('settings')
    except ValueError as error:
        return [str(error)]
    if then is None:
        return ['it does not say what it was fitted with']
    now = pass_settings(
        cfg,
        str(checkpoint),
        build_domains(cfg),
        # the defaults of `logits fit`, to which reproduce gives none
        threshold=0.0,
        max_images=None,
        anchor='source',
        num_components=5,
    )
    return changed_pass(then, now)


def _now(cfg: Config, before: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance of now; the data of before where there is none here."""
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    try:
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    except OSError:  # the training may run on another machine
        return provenance(None) | dict(data=before.get('data', {}))
    return provenance(None) | dict(data=describe_data(dataset))


def _seed(checkpoint: Path) -> int | None:
    return read_checkpoint(str(checkpoint))[1].get('seed')
