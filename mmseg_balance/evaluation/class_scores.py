"""Every score of a confusion matrix, by key and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from mmseg_balance.logits.bias.confusion import class_bias

from .class_groups import ClassGroups
from .confusion import iou_and_acc
from .summaries import summarise_group, with_ending
from .tables import class_table, summary_table

MEASURES = ('IoU', 'Acc')


@dataclass(frozen=True, eq=False)
class ClassScores:
    """What is said of the counts of a data set.

    Attributes:
        classes: Names of the C classes.
        columns: Values of each class in percent, (C,) each, by name, 'Bias'
            among them; NaN where there is none.
        summaries: Means and spreads over each group of classes.
        first: Name of the group that scores without an ending are of.
        overall: Share of what is labelled right, in percent.
    """

    classes: Sequence[str]
    columns: Mapping[str, Tensor]
    summaries: Mapping[str, Mapping[str, float]]
    first: str
    overall: float

    @classmethod
    def of(
        cls,
        confusion: Tensor,
        classes: Sequence[str],
        groups: ClassGroups,
        measures: Sequence[str] = MEASURES,
    ) -> 'ClassScores':
        """Compute the scores.

        Args:
            confusion: Counts (C, C), rows are labels and columns are
                predictions, with at least one label.
            classes: Names of the C classes.
            groups: What means are taken over.
            measures: Which of ``MEASURES`` are taken.
        """
        iou, acc = (100 * values for values in iou_and_acc(confusion))
        bias = 100 * class_bias(confusion)
        both = dict(IoU=iou, Acc=acc)
        found = {name: both[name] for name in measures}
        members = groups.members(classes, acc, bias)
        if 'IoU' not in measures:
            # accuracies are over labelled classes in any case
            members.pop('labelled', None)
        right = confusion.diagonal().sum() / confusion.sum()
        return cls(
            classes,
            found | dict(Bias=bias),
            {k: summarise_group(found, v) for k, v in members.items()},
            groups.first,
            100 * float(right),
        )

    def by_key(self, per_class: bool) -> dict[str, float]:
        """The scores as metrics return them.

        Args:
            per_class: Whether with those of each class.
        """
        scores = dict(self.summaries[self.first])
        scores['aAcc'] = self.overall
        for name, summary in self.summaries.items():
            if name != 'all' or self.first != 'all':
                scores.update(with_ending(summary, name))
        for name, values in self.columns.items() if per_class else ():
            scores.update(
                {
                    f'{name}.{c}': float(v)
                    for c, v in zip(self.classes, values, strict=True)
                    if not v.isnan()
                }
            )
        return scores

    def tables(self) -> tuple[str, str]:
        """Tables of the classes, and of the groups."""
        return (
            f'per class results:\n{class_table(self.classes, self.columns)}',
            f'over classes:\n{summary_table(self.summaries)}',
        )

    def absent(self, unit: str = 'pixel') -> str:
        """Which classes have no label, and what that changes.

        Args:
            unit: What is labelled.

        Returns:
            A line; empty where each has one.
        """
        is_absent = self.columns['Acc'].isnan()
        if not bool(is_absent.any()):
            return ''
        text = f'classes without a labelled {unit}: {self._names(is_absent)}. '
        if 'IoU' not in self.columns:
            return f'{text}They are in no mean'
        predicted = is_absent & ~self.columns['IoU'].isnan()
        if not bool(predicted.any()):
            text += 'They are not predicted, and in no mean'
        else:
            text += (
                f'{self._names(predicted)}: predicted, so IoU is 0, as in '
                'MMSegmentation'
            )
        means = self.summaries[self.first]
        labelled = self.summaries.get('labelled')
        if means and labelled:
            text += (
                f'. mIoU {means["mIoU"]:.2f} is over labelled and '
                'predicted classes (that of MMSegmentation), mIoU_labelled '
                f'{labelled["mIoU"]:.2f} over labelled ones alone'
            )
        return text

    def _names(self, which: Tensor) -> str:
        pairs = zip(self.classes, which, strict=True)
        return ', '.join(c for c, v in pairs if v)
