"""One row of a paper's table."""

from collections.abc import Sequence
from dataclasses import dataclass

POST_HOC = '+posthoc'


@dataclass(frozen=True)
class PublishedRow:
    """One row of the papers' tables.

    Attributes:
        name: Source and method, 'gta/daformer+blda' for one.
        tables: Papers and tables that have it, 'B1' for one; none: it
            stands beside rows of a paper.
        config: Its config, from the root of the repository.
        scores: Published scores by key of ``BalancedIoUMetric`` or of the
            metric of its task: means in percent and, where a paper has
            them, population standard deviations over classes in points.
            Those of one row may come from two papers, so from two trainings.
        task: What is predicted.
        dataset: What the scores are of.
    """

    name: str
    tables: tuple[str, ...]
    config: str
    scores: dict[str, float | None]
    task: str = 'Semantic Segmentation'
    dataset: str = 'Cityscapes'

    @property
    def trained_as(self) -> str:
        """Row that is trained: another one where it is balanced post hoc."""
        return self.name.removesuffix(POST_HOC)


def parse_tables(cell: str) -> tuple[str, ...]:
    """Papers and tables of a cell: 'B1,G3', or '-' for none."""
    return () if cell == '-' else tuple(cell.split(','))


def parse_scores(
    keys: Sequence[str], cells: Sequence[str]
) -> dict[str, float | None]:
    """Scores by key.

    Args:
        keys: One a cell.
        cells: Numbers; '-' where a paper has none.
    """
    values = [None if cell == '-' else float(cell) for cell in cells]
    return dict(zip(keys, values, strict=True))
