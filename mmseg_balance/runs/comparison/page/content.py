"""A comparison as what its page shows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....errors import UserValueError
from ....evaluation.comparison.comparison import Comparison, Method
from ....inference.predictor.class_names import distinct_colours
from ....visualization.comparison import ComparedMethod, Content, Difference
from ....visualization.comparison.page import write_page
from ..compared import ComparedRuns
from ..result import Curves
from .samples import find_samples


def write_comparison(
    path: Path,
    compared: ComparedRuns,
    num_samples: int = 0,
    data_roots: Sequence[str] | None = None,
) -> Path:
    """Write the page of a comparison.

    Args:
        path: File to write, replaced where it exists.
        compared: The comparison.
        num_samples: Number of images with predictions.
        data_roots: Folders of data sets, as ``--data-root`` gives them.

    Returns:
        The path.

    Raises:
        ValueError: No run has scores of classes.
    """
    samples, notes = find_samples(compared.groups, num_samples, data_roots)
    content = content_of(compared, notes)
    content = Content(**{**vars(content), 'samples': samples})
    return write_page(path, content)


def content_of(compared: ComparedRuns, notes: Sequence[str] = ()) -> Content:
    """What the page shows, but for the samples.

    Args:
        compared: The comparison.
        notes: Lines to add to those of the comparison.

    Returns:
        The content.

    Raises:
        ValueError: No run has scores of classes.
    """
    comparison = compared.comparison
    if not comparison.classes:
        raise UserValueError(
            '--html needs scores of classes, and no run has any: test with '
            "test_evaluator=dict(type='BalancedIoUMetric'), or leave out "
            '--html'
        )
    lines = [*comparison.notes, *notes]
    methods = []
    trained: set[Path | None] = set()
    for method, group in zip(comparison.methods, compared.groups, strict=True):
        # evaluations of one training share its curves, which are shown once
        own = [r for r in group.results if r.training not in trained]
        trained |= {r.training for r in own if r.curves}
        curves = mean_curves([r.curves for r in own if r.curves])
        methods.append(_method(method, curves))
    lines += confusion_notes(methods)
    return Content(
        f'{len(methods)} methods compared' if methods[1:] else methods[0].name,
        methods,
        comparison.classes,
        palette_of(compared),
        _differences(comparison),
        notes=lines,
    )


def total_confusion(method: Method) -> np.ndarray | None:
    """Confusion matrix over the seeds of a method.

    Args:
        method: The method.

    Returns:
        Sum of the counts (C, C); None where a seed kept none.
    """
    found = [run.confusion for run in method.runs]
    kept = [confusion for confusion in found if confusion is not None]
    return np.sum(kept, axis=0) if len(kept) == len(found) else None


def confusion_notes(methods: Sequence[ComparedMethod]) -> list[str]:
    """Which methods have no confusion matrix, in one line.

    Args:
        methods: Those of the page.
    """
    names = [method.name for method in methods if method.confusion is None]
    if not names:
        return []
    of_whom = ', '.join(names) if len(names) < len(methods) else 'any method'
    return [
        f'no confusion matrix of {of_whom}: not each seed kept its own, which '
        'a test of this version writes'
    ]


def palette_of(compared: ComparedRuns) -> Sequence:
    """Colours of the classes: those of the data, or as different as can be."""
    count = len(compared.comparison.classes)
    for group in compared.groups:
        for result in group.results:
            if len(result.palette) == count:
                return result.palette
    return distinct_colours(count)


def mean_curves(curves: Sequence[Curves]) -> Curves:
    """Scalars of the trainings of a method, mean over the seeds.

    Args:
        curves: Those of each seed.

    Returns:
        For the name of each scalar that all have, pairs of iteration and
        mean, at the iterations that all have.
    """
    if not curves:
        return {}
    names = [n for n in curves[0] if all(n in other for other in curves)]
    found = {}
    for name in names:
        points = [dict(of[name]) for of in curves]
        steps = sorted(set.intersection(*(set(p) for p in points)))
        if steps:
            found[name] = [
                (step, float(np.mean([p[step] for p in points])))
                for step in steps
            ]
    return found


def _method(method: Method, curves: Curves) -> ComparedMethod:
    published = method.published
    return ComparedMethod(
        method.name,
        {key: spread.mean for key, spread in method.scores.items()},
        {
            key: spread.std
            for key, spread in method.scores.items()
            if spread.std is not None
        },
        method.seeds,
        total_confusion(method),
        curves,
        {} if published is None else published.scores,
        '' if published is None else published.source,
    )


def _differences(comparison: Comparison) -> list[Difference]:
    found = []
    for d in comparison.differences:
        low, high = d.bootstrap or (None, None)
        t_low, t_high = d.student_t or (None, None)
        found.append(
            Difference(
                *(d.method, d.baseline, d.key, d.mean),
                *(low, high, len(d.seeds), t_low, t_high),
            )
        )
    return found
