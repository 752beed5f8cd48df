"""What a sweep over tau measures without labels, of a model and a set."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ...evaluation.tau_sweep import TauSweep
from ...evaluation.unsupervised.criteria import CRITERIA
from ...evaluation.unsupervised.tau_criteria import TauCriteria
from ...logits.bias import balanced_bias
from ...logits.statistics.domain_statistics import load_domain_statistics
from ...models.declarations import labels_images
from .views import VIEWS, why_no_view


def find_criteria(
    names: Sequence[str], model: nn.Module, checkpoint: str
) -> tuple[list[str], dict[str, str]]:
    """Those of some criteria that can be measured of a model.

    Args:
        names: Of ``CRITERIA``.
        model: Of ``build_predictor``.
        checkpoint: File of its weights.

    Returns:
        Their names; and of the others why not, by name.
    """
    wanted = {CRITERIA[name].view for name in names}
    reasons = {
        view: why_no_view(view, model, checkpoint)
        for view in VIEWS
        if view in wanted
    }
    not_measured = {
        name: reason
        for name in names
        if (reason := reasons.get(CRITERIA[name].view)) is not None
    }
    is_teacher = getattr(model, 'predict_with', None) == 'teacher'
    if is_teacher and 'teacher_shares' in names:
        # what it would choose is tau = 0
        not_measured.setdefault(
            'teacher_shares',
            'the teacher is what predicts; share_shift compares it with '
            'itself',
        )
    return [n for n in names if n not in not_measured], not_measured


def build_criteria(
    names: Sequence[str], sweep: TauSweep, model: nn.Module, num_images: int
) -> TauCriteria:
    """What measures the criteria beside a sweep.

    Args:
        names: Of :func:`find_criteria`.
        sweep: Of ``build_sweep``.
        model: The model.
        num_images: Images of the set.
    """
    return TauCriteria(
        sweep.taus,
        sweep.table,
        sweep.domain,
        names,
        num_images,
        labels_images(model),
    )


def measured(
    criteria: TauCriteria, classes: Sequence[str], statistics: str, domain: str
) -> list[dict[str, Any]]:
    """The criteria of each tau, once the images have been taken in.

    Args:
        criteria: Of :func:`build_criteria`, behind ``sweep_images``.
        classes: Names of the classes.
        statistics: File of the statistics, for the bias by Eq. 5.
        domain: Whose distributions are taken.

    Returns:
        As ``TauCriteria.measured``, but 'shares', and 'biases' where
        mixture_bias is measured, are by the name of the class; points.
    """
    biases = None
    if 'mixture_bias' in criteria.names:
        biases = _biases(criteria, len(classes), statistics, domain)
    rows = criteria.measured(biases)
    for i, row in enumerate(rows):
        row['shares'] = dict(zip(classes, row['shares'], strict=True))
        if biases is not None:
            row['biases'] = _by_class(classes, 100 * biases[i])
    return rows


def _biases(
    criteria: TauCriteria, num_classes: int, statistics: str, domain: str
) -> Tensor:
    found, _ = load_domain_statistics(statistics, num_classes, domain)
    bank = getattr(found, domain).to(criteria.table.low.device)
    return balanced_bias(bank, criteria.table, criteria.taus, criteria.domain)


def _by_class(
    classes: Sequence[str], values: Tensor
) -> Mapping[str, float | None]:
    """Values by class, None of those without."""
    return {
        name: None if value != value else value
        for name, value in zip(classes, values.tolist(), strict=True)
    }
