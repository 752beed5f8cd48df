"""Keys of a config that must agree, compared before anything is built."""

from mmengine.config import Config

from .classes import check_class_numbers, check_ignore_index
from .schedules import check_schedules
from .sizes import check_sizes


def check_agreement(cfg: Config) -> list[str]:
    """Run the checks of this folder that compare keys.

    Args:
        cfg: Config of a training run.

    Returns:
        Lines on what may be meant.

    Raises:
        ValueError: Keys that cannot go together; names them.
    """
    check_class_numbers(cfg)
    check_ignore_index(cfg)
    return [*check_schedules(cfg), *check_sizes(cfg)]
