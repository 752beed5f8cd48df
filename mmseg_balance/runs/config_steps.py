"""What checks and changes a config, as a list whose order is said."""

from collections.abc import Callable, Iterable

from mmengine.config import Config

# checks or changes a config, and may have lines for the user
ConfigStep = Callable[[Config], Iterable[str] | None]


def take_steps(
    cfg: Config, steps: Iterable[ConfigStep], say: Callable[[str], None]
) -> None:
    """Take one step after the other.

    Args:
        cfg: The config, changed in place.
        steps: Each may take for granted what those before it saw to.
        say: Is given the lines for the user.

    Raises:
        UserError: A step found something that cannot work.
    """
    for step in steps:
        for line in step(cfg) or ():
            say(line)
