"""The seed of a run, and of one that goes on with another."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from ..errors import UserValueError

SEED_KEY = 'randomness.seed'
NUM_SEEDS = 2**32


def seed_of(
    seed: int | None, options: Mapping[str, Any] | None
) -> tuple[int | None, str]:
    """The seed that a command line names.

    Args:
        seed: Value of ``--seed``.
        options: Overrides by dotted key, as ``--cfg-options`` gives them.

    Returns:
        The seed, None where none is named, and the option that names it.

    Raises:
        ValueError: Two are named, or it is no seed.
    """
    options = options or {}
    own, name = options.get(SEED_KEY), '--seed'
    if isinstance(options.get('randomness'), Mapping):
        own = options['randomness'].get('seed', own)
    if own is not None:
        if seed not in (None, own):
            raise UserValueError(
                f'--seed {seed} and --cfg-options {SEED_KEY}={own}: give one '
                'of them'
            )
        seed, name = own, f'--cfg-options {SEED_KEY}='
    if seed is not None:
        check_seed(seed, name)
    return seed, name


def set_seed(
    cfg: Config,
    seed: int | None,
    options: Mapping[str, Any] | None,
    trained_with: int | None,
) -> list[str]:
    """Make a run repeatable, and a resumed one go on with its own seed.

    Args:
        cfg: Config to change; its ``randomness.seed`` becomes the seed.
        seed: Value of ``--seed``.
        options: Overrides by dotted key.
        trained_with: Seed of the checkpoint to resume from, None where there
            is none.

    Returns:
        A line for the user where the config has another seed than that.

    Raises:
        ValueError: The command line names another seed than the
            checkpoint's, or it is no seed.
    """
    named, option = seed_of(seed, options)
    lines = []
    if not cfg.get('randomness'):
        cfg.randomness = dict(seed=None)
    if named is None:
        own = cfg.randomness.get('seed')
        # the samplers take the seed before mmengine reads the checkpoint
        named = trained_with if trained_with is not None else own
        if None not in (own, trained_with) and own != trained_with:
            lines.append(
                f'--resume: the config has {SEED_KEY}={own}, the checkpoint '
                f'{cfg.load_from} was trained with seed {trained_with}; the '
                f'run goes on with {trained_with}. For a run of seed {own} '
                'give another --work-dir'
            )
    elif trained_with not in (None, named):
        shown = f'{option}{named}' if option[-1] == '=' else f'--seed {named}'
        raise UserValueError(
            f'{shown}, but {cfg.load_from} was trained with seed '
            f'{trained_with}: give another --work-dir for a run of this '
            f'seed, or drop {option.rstrip("=")} or --resume'
        )
    cfg.randomness.seed = 0 if named is None else named
    check_seed(cfg.randomness.seed, f'--seed or {SEED_KEY}')
    return lines


def check_seed(seed: Any, name: str) -> None:
    """Refuse what no random generator takes.

    Args:
        seed: The value.
        name: Option or key that has it, for the error.

    Raises:
        ValueError: It is no whole number from 0 to 2**32 - 1.
    """
    is_number = isinstance(seed, int) and not isinstance(seed, bool)
    if not is_number or not 0 <= seed < NUM_SEEDS:
        raise UserValueError(
            f'the seed is {seed!r}, expected a number from 0 to '
            f'{NUM_SEEDS - 1}: change {name.rstrip("=")}'
        )
