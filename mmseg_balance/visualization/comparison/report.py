"""Scores by the name of the run, as 0.1.0 took them, on the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import UserValueError
from ..samples import Sample
from . import score_table as page_table
from .content import ComparedMethod, Content
from .drawing.chart_style import CHART_STYLE
from .drawing.markup import to_html
from .drawing.style import STYLE as PAGE_STYLE
from .page import write_page

COLUMNS = page_table.COLUMNS
STYLE = CHART_STYLE + PAGE_STYLE


def write_report(
    path: str | Path,
    runs: Mapping[str, Mapping[str, float]],
    classes: Sequence[str],
    palette: Sequence,
    samples: Sequence[Sample] = (),
    title: str = 'Comparison',
) -> Path:
    """Write a self-contained report: tables, bars of each class, pictures.

    Confusion matrices, seeds, curves and published scores go to
    :func:`~mmseg_balance.visualization.comparison.write_page`.

    Args:
        path: File to write, replaced where it exists.
        runs: For each run, the scores that ``BalancedIoUMetric`` returns.
        classes: Names of the classes.
        palette: RGB of each class, 0 to 255.
        samples: Images to show.
        title: Heading.

    Returns:
        The path.

    Raises:
        ValueError: There is no run, or the palette has not one colour for
            each class.
    """
    if not runs:
        raise UserValueError('Expected at least one run in `runs`, got none')
    methods = [ComparedMethod(name, scores) for name, scores in runs.items()]
    return write_page(
        path, Content(title, methods, classes, palette, samples=samples)
    )


def score_table(runs: Mapping[str, Mapping[str, float]]) -> str:
    """Table of the scores over all classes, the best of each column bold.

    Args:
        runs: For each run, its scores.

    Returns:
        HTML.
    """
    methods = [ComparedMethod(name, scores) for name, scores in runs.items()]
    return to_html(page_table.score_table(methods, COLUMNS))
