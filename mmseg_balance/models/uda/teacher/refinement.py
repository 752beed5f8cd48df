"""Pseudo-labels that the frame before has a say in."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mmseg_balance.optical_flow import warp_labels

from ....errors import UserTypeError, UserValueError
from ....number_checks import check_number
from ...frames.pairs import IGNORED, FramePair
from .pseudo_labels import PseudoLabels, most_probable
from .refinement_rules import (
    FrameLabels,
    agreeing,
    filled,
    rarer,
    rarity,
    sure,
    surer,
)

RULES = ('consistency', 'max-confidence', 'warp', 'rare', 'rarer')
BY_RARITY = ('rare', 'rarer')
NOWHERE = -1
START = 1500  # of 40,000 iterations, as in the public code


class PseudoRefinement(nn.Module):
    """Combines the labels of a target frame with those of the frame before.

    The teacher labels both; those of the earlier frame are moved along the
    flow to the later one, and a rule says which count. What was not seen in
    the earlier frame (where the flow does not count, or leads out of the
    image) has no label there. See ``refinement_rules``.

    Behaves as https://github.com/SimarKareer/UnifiedVideoDA, but for how
    labels are moved. Until ``start`` labels are those of the image alone;
    there nothing is learnt from target images then.

    Args:
        rule: - 'consistency': labels that both frames have.
              - 'max-confidence': the label of the frame whose most probable
                class has the larger probability.
              - 'warp': the labels of the frame before.
              - 'rare': labels that both frames have; where they differ and
                one is a rare class, that one.
              - 'rarer': the same, and of two rare classes the rarer one.
        start: Number of the first iteration, from 0, whose labels are
            refined.
        threshold: Confidence that a label of the frame before must reach, of
            rule 'warp', [0, 1]. Default: all count.
        rare_classes: Of rules 'rare' and 'rarer', the rarest first.
        fill: Whether pixels that were not seen in the frame before keep the
            label of their own. 'max-confidence' always does so.
        masked: Whether masked images (MIC) have these labels, too. In the
            public code they have those of the image alone.

    Raises:
        TypeError, ValueError: A setting that cannot work; names it.
    """

    def __init__(
        self,
        rule: str,
        start: int = START,
        threshold: float | None = None,
        rare_classes: Sequence[int] | None = None,
        fill: bool = False,
        masked: bool = False,
    ) -> None:
        super().__init__()
        _check_settings(rule, start, threshold, rare_classes)
        self.rule = rule
        self.start = start
        self.threshold = threshold
        self.rare_classes = list(rare_classes or ())
        self.fill = fill
        self.masked = masked
        ranks = rarity(self.rare_classes, ordered=rule == 'rarer')
        self.register_buffer('ranks', ranks, persistent=False)

    @property
    def compares_confidence(self) -> bool:
        """Whether the rule has to know how sure the teacher is."""
        return self.rule == 'max-confidence' or self.threshold is not None

    def labelled(self, pseudo: PseudoLabels, logits: Tensor) -> FrameLabels:
        """What the rule has to know of one frame.

        Args:
            pseudo: The teacher's labels of it.
            logits: From which they are, (N, C, H, W).
        """
        confidence = None
        if self.compares_confidence:
            confidence = most_probable(logits)[0]
        return FrameLabels(pseudo.labels, pseudo.weight, confidence)

    @torch.no_grad()
    def moved(
        self, earlier: FrameLabels, pair: FramePair, valid: Tensor
    ) -> FrameLabels:
        """Labels of the frame before at the places of the later one.

        Each pixel has the label, weight and confidence of one pixel, the
        nearest to where it was.

        Args:
            earlier: Of :meth:`labelled`, on the grid of the earlier frame.
            pair: The flow, and where it counts.
            valid: Pixels of the earlier frame that are image and not padding,
                bool (N, H, W).
        """
        height, width = valid.shape[-2:]
        grid = torch.arange(height * width, device=valid.device)
        grid = grid.view(1, height, width).expand_as(valid)
        places = warp_labels(grid, pair.flow, pair.valid, NOWHERE)
        index = places.clamp(min=0).flatten(1)

        def at_place(values: Tensor) -> Tensor:
            return values.flatten(1).gather(1, index).view_as(values)

        unseen = (places == NOWHERE) | ~at_place(valid)
        labels, weight, confidence = earlier
        if confidence is not None:
            confidence = at_place(confidence).masked_fill(unseen, 0.0)
        return FrameLabels(
            at_place(labels).masked_fill(unseen, IGNORED),
            at_place(weight).masked_fill(unseen, 0.0),
            confidence,
        )

    @torch.no_grad()
    def combined(
        self, current: FrameLabels, moved: FrameLabels
    ) -> FrameLabels:
        """Labels by the rule.

        Args:
            current: Of the frame itself.
            moved: Of the frame before, at the places of this one.
        """
        if self.fill:
            moved = filled(current, moved)
        rules = {
            'consistency': agreeing,
            'max-confidence': surer,
            'warp': self._moved_alone,
            'rare': partial(rarer, ranks=self.ranks),
            'rarer': partial(rarer, ranks=self.ranks),
        }
        return rules[self.rule](current, moved)

    def _moved_alone(
        self, current: FrameLabels, moved: FrameLabels
    ) -> FrameLabels:
        return moved if self.threshold is None else sure(moved, self.threshold)

    def forward(
        self,
        current: FrameLabels,
        earlier: FrameLabels,
        pair: FramePair,
        valid: Tensor,
    ) -> tuple[FrameLabels, dict[str, Tensor]]:
        """Refine the labels of a batch.

        Args:
            current: Of the later frames, see :meth:`labelled`.
            earlier: Of the earlier ones.
            pair: The flow, and where it counts.
            valid: Pixels that are image and not padding, of both frames,
                bool (N, H, W).

        Returns:
            Labels and weights; and shares of the image pixels: that were
            ``seen`` in the frame before, that have ``kept`` the label of
            their own frame, and that were ``changed`` to another. The rest
            is ignored.
        """
        moved = self.moved(earlier, pair, valid)
        found = self.combined(current, moved)
        labelled = found.labels != IGNORED
        same = found.labels == current.labels
        shares = dict(
            seen=moved.labels != IGNORED,
            kept=labelled & same,
            changed=labelled & ~same,
        )
        total = valid.sum().clamp(min=1)
        return found, {
            name: (valid & part).sum() / total for name, part in shares.items()
        }


def build_refinement(
    settings: Mapping[str, Any] | None, num_classes: int
) -> PseudoRefinement | None:
    """Build it from ``pseudo_refinement`` of a config.

    Args:
        settings: Arguments; None: without.
        num_classes: Number of classes C.

    Raises:
        TypeError, ValueError: Settings that cannot work; names them.
    """
    if settings is None:
        return None
    if not isinstance(settings, Mapping) or 'rule' not in settings:
        raise UserTypeError(
            'Expected `pseudo_refinement` to be a dict with `rule`, one of '
            f'{RULES}, but got {settings!r}'
        )
    refinement = PseudoRefinement(**settings)
    beyond = [c for c in refinement.rare_classes if c >= num_classes]
    if beyond:
        raise UserValueError(
            'Expected `pseudo_refinement.rare_classes` to be classes of the '
            f'model, 0 to {num_classes - 1}, but got {beyond}'
        )
    if len(refinement.rare_classes) == num_classes:
        raise UserValueError(
            '`pseudo_refinement.rare_classes` are all classes of the model: '
            'leave the common ones out'
        )
    return refinement


def _check_settings(
    rule: str,
    start: int,
    threshold: float | None,
    rare_classes: Sequence[int] | None,
) -> None:
    owner = 'pseudo_refinement'
    if rule not in RULES:
        raise UserValueError(
            f'Expected `rule` of {owner} to be one of {RULES}, but got '
            f'{rule!r}'
        )
    if isinstance(start, bool) or not isinstance(start, int) or start < 0:
        raise UserValueError(
            f'Expected `start` of {owner} to be the number of an iteration, '
            f'at least 0, but got {start!r}'
        )
    if threshold is not None:
        check_number(owner, 'threshold', threshold, high=1)
        if rule != 'warp':
            raise UserValueError(
                f"`threshold` of {owner} is that of rule='warp', but `rule` "
                f'is {rule!r}: leave it away'
            )
    if rule not in BY_RARITY:
        if rare_classes is not None:
            raise UserValueError(
                f'`rare_classes` of {owner} are those of the rules '
                f'{BY_RARITY}, but `rule` is {rule!r}: leave them away'
            )
        return
    is_list = isinstance(rare_classes, (list, tuple)) and len(rare_classes)
    if not is_list or not all(
        isinstance(c, int) and not isinstance(c, bool) and 0 <= c < IGNORED
        for c in rare_classes
    ):
        raise UserValueError(
            f'Expected `rare_classes` of {owner} with rule={rule!r} to be '
            'numbers of classes, the rarest first, but got '
            f'{rare_classes!r}'
        )
    if len(set(rare_classes)) < len(rare_classes):
        raise UserValueError(
            f'Expected each of `rare_classes` of {owner} once, but got '
            f'{list(rare_classes)}'
        )
