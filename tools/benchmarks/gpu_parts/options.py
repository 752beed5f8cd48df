"""What all parts are told."""

from pathlib import Path
from typing import NamedTuple


class Options(NamedTuple):
    """Sizes and places.

    Attributes:
        device: 'cuda' or 'cpu'.
        net: Name of the MiT, see ``step_cases.NETS``.
        size: Side of the crops; None for those of the configs.
        images: Images of each domain.
        repeats: Rounds that are timed.
        iterations: Of a training.
        data_root: Folder of ``camvid/``, None for none.
    """

    device: str
    net: str = 'mit-b5'
    size: int | None = None
    images: int = 2
    repeats: int = 10
    iterations: int = 150
    data_root: Path | None = None

    @property
    def is_small(self) -> bool:
        """Whether this is a trial on a CPU."""
        return self.device == 'cpu'


def small(options: Options) -> Options:
    """The same parts in seconds, on a CPU."""
    return options._replace(
        device='cpu', net='mit-b0', size=64, images=1, repeats=1, iterations=2
    )


class Skipped(Exception):
    """A part that cannot be done here; says why."""
