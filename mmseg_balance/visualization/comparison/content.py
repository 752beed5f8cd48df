"""What a page that compares methods shows, whoever has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..samples import Sample


@dataclass(frozen=True)
class ComparedMethod:
    """One method: its runs, of one config and one or several seeds.

    Attributes:
        name: Shown to the reader.
        scores: Mean over the seeds of each score of ``BalancedIoUMetric``,
            in percent or points.
        stds: Their standard deviations over the seeds (ddof 1); empty with
            one seed.
        seeds: Seeds that were run; None for one that is not known.
        confusion: Counts of pixels (C, C), rows are true classes, summed
            over the seeds; None where no run kept it.
        curves: For the name of each scalar of the training, pairs of
            iteration and value, mean over the seeds.
        published: Scores of a paper, by the same keys.
        published_source: Paper and table that has them.
    """

    name: str
    scores: Mapping[str, float]
    stds: Mapping[str, float] = field(default_factory=dict)
    seeds: tuple[int | None, ...] = ()
    confusion: np.ndarray | None = None
    curves: Mapping[str, Sequence[tuple[int, float]]] = field(
        default_factory=dict
    )
    published: Mapping[str, float] = field(default_factory=dict)
    published_source: str = ''


@dataclass(frozen=True)
class Difference:
    """A score of one method less that of another, paired by seed.

    Attributes:
        method, baseline: Their names.
        key: The score.
        mean: Mean of the differences, in points.
        low, high: Ends of the bootstrap interval; None where there are too
            few pairs.
        num_pairs: Seeds that both have.
        t_low, t_high: Ends of Student's interval, likewise, which is the
            wider one of few pairs.
    """

    method: str
    baseline: str
    key: str
    mean: float
    low: float | None
    high: float | None
    num_pairs: int
    t_low: float | None = None
    t_high: float | None = None


@dataclass(frozen=True)
class ExtraFigure:
    """A picture with a heading and a text, behind the tables.

    Attributes:
        title: Heading.
        text: What to see in it; plain text.
        png: The picture.
    """

    title: str
    text: str
    png: bytes


@dataclass(frozen=True)
class Content:
    """A whole page.

    Attributes:
        title: Heading.
        methods: Those that are compared, at least one.
        classes: Names of the C classes.
        palette: RGB of each class, 0 to 255.
        differences: Paired by seed.
        samples: Images with labels and the predictions of methods.
        figures: Further pictures.
        notes: What a reader should know: runs without a result, single
            seeds, what was published.
        level: Share that the intervals of the differences cover.
        intro: What was done, a paragraph each, for who has not done it.
    """

    title: str
    methods: Sequence[ComparedMethod]
    classes: Sequence[str]
    palette: Sequence
    differences: Sequence[Difference] = ()
    samples: Sequence[Sample] = ()
    figures: Sequence[ExtraFigure] = ()
    notes: Sequence[str] = ()
    level: float = 0.95
    intro: Sequence[str] = ()
