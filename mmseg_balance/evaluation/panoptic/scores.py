"""Scores of panoptic counts, by key and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmseg_balance.panoptic.quality import PanopticCounts, panoptic_quality

from ..summaries import with_ending
from ..tables import class_table, summary_table
from .image_counts import VOID_APART, VOID_AS_ROAD, ImageCounts
from .summaries import only_means, summarise_quality

Summaries = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class PanopticScores:
    """What is said of the counts of a data set.

    Attributes:
        classes: Names of the C classes.
        counts: Of the reading of void that scores without an ending are of.
        quality: PQ, SQ and RQ in percent, (C,) each, NaN for classes that
            are neither labelled nor predicted.
        summaries: Means and spreads of each group of classes, first that of
            the scores without an ending.
        voids: Means over that group by both readings of void.
        void_as_road: Which one is meant.
    """

    classes: Sequence[str]
    counts: PanopticCounts
    quality: Mapping[str, Tensor]
    summaries: Summaries
    voids: Summaries
    void_as_road: bool

    @classmethod
    def of(
        cls,
        counts: ImageCounts,
        classes: Sequence[str],
        groups: Mapping[str, Tensor],
        void_as_road: bool,
    ) -> 'PanopticScores':
        """Compute the scores.

        Args:
            counts: Sum over images.
            classes: Names of the C classes.
            groups: Members of each group, bool (C,), the main one first.
            void_as_road: Which reading of void is the main one.
        """
        readings = {
            VOID_APART: counts.void_apart,
            VOID_AS_ROAD: counts.void_as_road,
        }
        main = readings[VOID_AS_ROAD if void_as_road else VOID_APART]
        quality = percent_quality(main)
        first = next(iter(groups.values()))
        return cls(
            classes,
            main,
            quality,
            {k: summarise_quality(quality, v) for k, v in groups.items()},
            {
                name: only_means(summarise_quality(percent_quality(c), first))
                for name, c in readings.items()
            },
            void_as_road,
        )

    @property
    def is_empty(self) -> bool:
        """Whether no segment is labelled or predicted."""
        return bool(self.quality['PQ'].isnan().all())

    def by_key(self, per_class: bool) -> dict[str, float]:
        """The scores as ``PanopticQualityMetric`` returns them.

        Args:
            per_class: Whether with those of each class.
        """
        first = next(iter(self.summaries))
        scores = dict(self.summaries[first])
        for name, summary in self.summaries.items():
            if name != 'all' or first != 'all':
                scores.update(with_ending(summary, name))
        for name, means in self.voids.items():
            scores.update(with_ending(means, name))
        if per_class:
            for name, values in self.quality.items():
                scores.update(
                    {
                        f'{name}.{c}': float(v)
                        for c, v in zip(self.classes, values, strict=True)
                        if not v.isnan()
                    }
                )
        return scores

    def tables(self) -> str:
        """Tables of the classes, of groups, and of both readings of void."""
        numbers = dict(TP=self.counts.tp, FP=self.counts.fp, FN=self.counts.fn)
        columns = {k: torch.from_numpy(v) for k, v in numbers.items()}
        table = class_table(self.classes, {**self.quality, **columns})
        text = f'per class panoptic results:\n{table}'
        if any(self.summaries.values()):
            text += f'\nover classes:\n{summary_table(self.summaries)}'
        if any(self.voids.values()):
            shown = VOID_AS_ROAD if self.void_as_road else VOID_APART
            text += (
                '\nwith predicted void apart, and as a part of '
                f'{self.classes[0]}, as the public evaluation of EDAPS has it '
                f'(above: {shown}):\n{summary_table(self.voids)}'
            )
        return text


def percent_quality(counts: PanopticCounts) -> dict[str, Tensor]:
    """PQ, SQ and RQ of each class in percent, (C,) each."""
    return {
        name: 100 * torch.from_numpy(values)
        for name, values in panoptic_quality(counts).items()
    }
