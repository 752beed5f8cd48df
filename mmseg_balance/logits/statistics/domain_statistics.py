"""Statistics that can balance the logits of a domain, from a file."""

from pathlib import Path
from typing import Any

from ...errors import UserValueError
from .file import TOOL, load_statistics
from .online import SOURCE, TARGET, LogitStatistics

# Indices of the banks in ``LogitStatistics.table``.
DOMAINS = dict(source=SOURCE, target=TARGET)
# Knots of the table where the statistics came without one.
GRID_SIZE = 512


def check_domain(domain: str) -> None:
    """Refuse what is not 'source' or 'target'.

    Raises:
        ValueError: Names the value.
    """
    if domain not in DOMAINS:
        raise UserValueError(
            f'Expected `domain` to be one of {tuple(DOMAINS)}, '
            f'but got {domain!r}'
        )


def load_domain_statistics(
    path: str | Path, num_classes: int | None, domain: str = 'target'
) -> tuple[LogitStatistics, dict[str, Any]]:
    """Read statistics whose bank of a domain is fitted.

    Args:
        path: See :func:`.file.load_statistics`.
        num_classes: Number of classes of the model. None: any.
        domain: 'source' or 'target'.

    Returns:
        Statistics with a table, and where they come from.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has no statistics, those of another number of classes,
            or none of this domain; says what to do.
    """
    check_domain(domain)
    statistics, meta = load_statistics(path, num_classes)
    fitted = {
        name: bool((getattr(statistics, name).num_updates > 0).any())
        for name in DOMAINS
    }
    if not fitted[domain]:
        (other,) = set(DOMAINS) - {domain}
        raise UserValueError(
            f'{path} has no fitted distributions of the logits on the '
            f'{domain}: set domain to {other!r} (--domain {other}), or make '
            f'them with {TOOL}, whose --target-images takes any folder'
        )
    if statistics.grid_size is None:
        statistics.grid_size = GRID_SIZE
    return statistics, meta
