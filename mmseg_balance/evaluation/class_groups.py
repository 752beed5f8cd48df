"""Groups of classes that means are taken over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..errors import UserValueError
from .summaries import labelled_classes

NAMES = ('all', 'labelled', 'over', 'under')


@dataclass(frozen=True)
class ClassGroups:
    """What a config says of the groups of a metric.

    Args:
        owner: Name of the metric, for errors.
        subsets: Names of classes for each named subset.
        headline: Name of the subset that scores without an ending are of, and
            of which the other groups are parts. Default: all classes.
        over_predicted: Names of the over-predicted classes, all others are
            under-predicted. Default: the sign of Bias(l), Eq. 4, decides;
            classes with a bias of 0 are in neither group.

    Raises:
        ValueError: A subset with the name of a group, or a headline that is
            no subset.
    """

    owner: str
    subsets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headline: str | None = None
    over_predicted: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in set(NAMES) & set(self.subsets):
            raise UserValueError(
                f'subsets has the name {name!r}, which stands '
                'for a group of its own: rename it'
            )
        if self.headline is not None and self.headline not in self.subsets:
            raise UserValueError(
                f'headline of {self.owner} is {self.headline!r}, expected '
                f'the name of one of its subsets: {list(self.subsets)}'
            )

    @property
    def first(self) -> str:
        """Name of the group that scores without an ending are of."""
        return self.headline or 'all'

    def check_classes(self, classes: Sequence[str]) -> None:
        """Refuse names that are no class.

        Args:
            classes: Those of the data set.

        Raises:
            ValueError: Names the key and what it has.
        """
        named = {f'subsets.{k}': v for k, v in self.subsets.items()}
        named['over_predicted'] = self.over_predicted or ()
        for key, names in named.items():
            unknown = [n for n in names if n not in classes]
            if unknown:
                raise UserValueError(
                    f'{key} of {self.owner} names {unknown}, expected '
                    f'classes of the data set: {classes}'
                )

    def members(
        self, classes: Sequence[str], acc: Tensor, bias: Tensor
    ) -> dict[str, Tensor]:
        """Members of each group by its name, as bool (C,), first as first.

        Args:
            classes: Names of the classes.
            acc: Accuracy of each, (C,), NaN without a label; see
                :func:`labelled_classes`.
            bias: Bias of each, (C,).
        """
        subsets = {k: _named(v, classes) for k, v in self.subsets.items()}
        groups = {'all': torch.ones_like(acc, dtype=torch.bool)}
        if self.headline is not None:
            groups = {self.headline: subsets[self.headline], **groups}
        scope = groups[self.first]
        groups |= labelled_classes(acc, scope)
        if self.over_predicted is None:
            over, under = bias > 0, bias < 0
        else:
            over = _named(self.over_predicted, classes)
            under = ~over
        return groups | subsets | dict(over=over & scope, under=under & scope)


def _named(names: Sequence[str], classes: Sequence[str]) -> Tensor:
    return torch.tensor([c in names for c in classes])
