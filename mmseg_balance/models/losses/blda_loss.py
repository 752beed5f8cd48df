"""Online logits adjustment of BLDA (Eq. 9)."""

import warnings
from typing import Any

import torch
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.offsets.offset import own_offset
from mmseg_balance.logits.post_hoc.scores import check_tau
from mmseg_balance.logits.statistics.pending import MAX_PENDING
from mmseg_balance.logits.statistics.takes_settings import takes_settings

from ...errors import UserValueError
from ..backward_pass import counts
from ..head_losses.call_loss import call_loss
from ..head_losses.pixel_targets import PixelTargets
from ..head_losses.sampled_labels import SampledLabels
from ..head_losses.target_assignment import TargetAssignment
from ..recording import OFFSET, note
from ..run_constants import Momentum, Pixels, Updates, papers_values
from .adjusted_cross_entropy import AdjustedLogits, takes_adjusted_logits
from .class_weights.rank_sums import gather_over_ranks, sum_over_ranks

ADJUSTED = ('all', 'source')
# what followed the criterion by place in 0.1.0
BY_PLACE = (
    'num_components',
    'em_loops',
    'momentum',
    'warmup',
    'min_samples',
    'max_samples',
    'clip',
    'grid_size',
    'loss_weight',
    'loss_name',
    'anchor',
    'adjust',
)


@MODELS.register_module()
class BLDALoss(nn.Module):
    """A pixel loss on logits from which tau * Delta is subtracted.

    Balanced Learning for Domain Adaptive Semantic Segmentation (ICML 2025),
    Sec. 3.3.4; behaves as https://github.com/Woof6/BLDA but for what it
    leaves to chance: statistics are saved and equal on all ranks, any number
    of classes, and the domain of each pixel is told, never guessed.

    It serves as ``loss_decode`` of any head that inherits
    ``BaseDecodeHead.loss_by_feat``, in UDA and in supervised training. The
    offsets of an iteration come from the statistics up to the one before;
    ``GMMUpdateHook`` brings those up to date.

    Args:
        num_classes: Number of classes C, at least 2.
        tau: Scale of the offset, at least 0. 0 is the criterion alone.
        criterion: Config of a registered pixel loss.
        loss_weight: Weight of the loss.
        loss_name: Name of the loss in the log.
        adjust: Which batches are adjusted: 'all', or 'source', those of
            source images alone (OLA_S of Table 4).
        target_assignment: Which class's distributions a target pixel feeds.
            'hard': that of its pseudo-label, as in the paper. 'soft': class
            c with weight p_c, the teacher's probability, so that pixels of a
            class that the teacher calls another reach its distributions;
            N_min counts the sum of weights. 'confidence': that of its
            label, with the teacher's probability of it as weight. A weight
            is the chance to be counted, see ``SampledLabels``. What is
            subtracted follows the pseudo-label in any case.
        target_threshold: Confidence that the teacher needs for a pixel to
            feed the target's distributions, [0, 1). Default: none.
        kernels: What computes the same, 'auto', 'triton' or 'torch': see
            :func:`mmseg_balance.logits.kernels.choice.runs_fused`.
        **settings: How the distributions of logits are fitted:
            num_components, em_loops, momentum, warmup, min_samples,
            max_samples, clip, grid_size, anchor and collect_over, see
            :class:`mmseg_balance.logits.StatisticsSettings`. warmup,
            momentum and min_samples may be 'auto': what the paper's are of
            its trainings, see ``run_constants``.

    Raises:
        ValueError: A setting out of range.
    """

    required_hooks = {
        'GMMUpdateHook': 'a loss of type {type}, whose mixtures would never '
        'be fitted'
    }
    run_constants = dict(
        warmup=Updates(1500),
        momentum=Momentum(0.99),
        # two samples for each of the K = 5 components
        min_samples=Pixels(100, least=10),
    )

    @takes_settings(*BY_PLACE)
    def __init__(
        self,
        num_classes: int,
        tau: float = 0.1,
        criterion: ConfigType = dict(type='CrossEntropyLoss'),  # noqa: B006
        *,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_blda',
        adjust: str = 'all',
        target_assignment: str = 'hard',
        target_threshold: float | None = None,
        kernels: str = 'auto',
        **settings: Any,
    ) -> None:
        super().__init__()
        check_tau(tau)
        self.assignment = TargetAssignment(target_assignment, target_threshold)
        self.needs_sampled_labels = self.assignment.needs_teacher
        if adjust not in ADJUSTED:
            raise UserValueError(
                f'Expected `adjust` to be one of {ADJUSTED}, but got '
                f'{adjust!r}'
            )
        self.adjust = adjust
        self.num_classes = num_classes
        self.tau = tau
        self.criterion = MODELS.build(criterion)
        classes = getattr(self.criterion, 'num_classes', num_classes)
        if classes != num_classes:
            raise UserValueError(
                f'loss_decode.num_classes is {num_classes}, but '
                f'loss_decode.criterion.num_classes is {classes}: set both to '
                'the classes of the data set'
            )
        settings, self.left_open = papers_values(type(self), settings)
        self.statistics = LogitStatistics(
            num_classes, kernels=kernels, **settings
        )
        # ranks: equal, it follows from the number of the iteration
        self.collects_statistics = True  # set by GMMUpdateHook
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
        target_mask: Tensor | None = None,
        collect: bool = True,
        sampled_labels: SampledLabels | None = None,
        **kwargs,
    ) -> Tensor:
        """Loss of a batch.

        Args:
            cls_score: Logits, (N, C, ...).
            label: (N, ...).
            weight: Weight of each pixel, (N, ...).
            ignore_index: Label of ignored pixels.
            target_mask: Pixels of the target domain, bool (N, ...). Default:
                a source batch.
            collect: Feed the statistics (in training mode alone).
            sampled_labels: Classes of target pixels, drawn from the
                teacher's probabilities; needed with
                ``needs_sampled_labels``.
            **kwargs: Further arguments of the criterion.

        Returns:
            The criterion on the adjusted logits, times ``loss_weight``.
        """
        if cls_score.shape[1] != self.num_classes:
            raise UserValueError(
                f'BLDALoss was built for num_classes={self.num_classes}, but '
                f'the head gives {cls_score.shape[1]} logits a pixel: set '
                'loss_decode.num_classes to the num_classes of the head'
            )
        targets = PixelTargets(label, weight, target_mask, sampled_labels)
        with torch.autocast(cls_score.device.type, enabled=False):
            loss = self._adjusted_loss(
                cls_score, targets, ignore_index, collect, **kwargs
            )
            # a sampler of hard pixels calls its losses without gradient
            if collect and self.training and torch.is_grad_enabled():
                self.collect(cls_score, targets, ignore_index)
        return loss if self.loss_weight == 1 else self.loss_weight * loss

    def _adjusted_loss(
        self,
        logits: Tensor,
        targets: PixelTargets,
        ignore_index: int,
        collect: bool,
        **kwargs,
    ) -> Tensor:
        """The criterion on the adjusted logits."""
        given = targets, ignore_index, collect
        if not self.tau or (
            self.adjust == 'source' and targets.target_mask is not None
        ):
            return call_loss(self.criterion, logits.float(), *given, **kwargs)
        self._note(logits, targets, ignore_index)
        if self.statistics.grid_size is not None and takes_adjusted_logits(
            self.criterion
        ):
            return self._loss_at_once(logits, *given, **kwargs)
        adjusted = self.statistics.adjust(
            logits, targets.labels, self.tau, targets.target_mask, ignore_index
        )
        return call_loss(self.criterion, adjusted, *given, **kwargs)

    # a table is a new one after each update: compiled code would be as well
    @torch.compiler.disable
    def _loss_at_once(
        self, logits: Tensor, targets: PixelTargets, *given, **kwargs
    ) -> Tensor:
        """The same without adjusted logits of the whole batch."""
        statistics = self.statistics
        adjusted = AdjustedLogits(
            logits,
            statistics.table,
            self.tau,
            targets.target_mask,
            statistics.kernels,
        )
        return call_loss(self.criterion, adjusted, targets, *given, **kwargs)

    def _note(
        self, logits: Tensor, targets: PixelTargets, ignore_index: int
    ) -> None:
        """Offer what is subtracted to those who record."""

        def subtracted() -> Tensor:
            offset = self.statistics.offset(
                logits, targets.labels, targets.target_mask, ignore_index
            )
            return own_offset(offset, targets.labels, ignore_index)

        note(OFFSET, subtracted)

    def collect(
        self, logits: Tensor, targets: PixelTargets, ignore_index: int = 255
    ) -> None:
        """Keep samples of a batch for the next update of the statistics.

        Args:
            logits: (N, C, ...).
            targets: Class, weight and domain of each pixel.
            ignore_index: Label of ignored pixels.
        """
        if not self.collects_statistics or not counts():
            return
        if self.statistics.num_pending >= MAX_PENDING:
            warnings.warn(
                f'BLDALoss was called {MAX_PENDING} times without an update '
                'of its statistics; its offsets do not follow the model. Add '
                "dict(type='GMMUpdateHook') to custom_hooks, or call "
                'update_statistics().',
                stacklevel=3,
            )
        labels = targets.labels
        if targets.target_mask is not None:
            labels = self.assignment.labels(
                labels, targets.sampled, ignore_index
            )
        self.statistics.collect(
            logits,
            labels,
            targets.target_mask,
            targets.weight,
            ignore_index,
        )

    def update_statistics(self) -> None:
        """Fit the mixtures to what was collected, on all ranks alike."""
        self.statistics.update(sum_over_ranks(), gather_over_ranks())

    def age_statistics(self) -> None:
        """Count an iteration that ends without an update."""
        self.statistics.age()

    @property
    def loss_name(self) -> str:
        """Name of the loss in the log."""
        return self._loss_name

    def extra_repr(self) -> str:
        """Settings, for print(model)."""
        shown = f'num_classes={self.num_classes}, tau={self.tau}'
        return shown + (f', {self.assignment}' * self.needs_sampled_labels)
