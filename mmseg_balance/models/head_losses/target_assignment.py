"""Which class's statistics a target pixel feeds."""

from dataclasses import dataclass

from torch import Tensor

from ...errors import UserValueError
from ...number_checks import is_number
from .sampled_labels import SampledLabels

ASSIGNMENTS = ('hard', 'soft', 'confidence')


@dataclass(frozen=True)
class TargetAssignment:
    """Settings of a loss that keeps statistics of target pixels.

    Args:
        assignment: 'hard', 'soft' or 'confidence'.
        threshold: Confidence that the teacher needs, [0, 1). None: none.

    Raises:
        ValueError: A setting out of range, by its key in the loss.
    """

    assignment: str = 'hard'
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.assignment not in ASSIGNMENTS:
            raise UserValueError(
                'Expected `target_assignment` to be one of '
                f'{ASSIGNMENTS}, but got {self.assignment!r}'
            )
        value = self.threshold
        if value is not None and not (is_number(value) and 0 <= value < 1):
            raise UserValueError(
                'Expected `target_threshold` to be None or a number in '
                f'[0, 1), but got {value!r}'
            )

    def __str__(self) -> str:
        return (
            f'target_assignment={self.assignment!r}, '
            f'target_threshold={self.threshold}'
        )

    @property
    def needs_teacher(self) -> bool:
        """Whether labels alone do not say what a pixel feeds."""
        return self.assignment != 'hard' or self.threshold is not None

    def labels(
        self,
        labels: Tensor,
        sampled: SampledLabels | None,
        ignore_index: int,
    ) -> Tensor:
        """The class whose statistics each target pixel feeds.

        Args:
            labels: Labels that are learnt, (N, H, W).
            sampled: What the teacher says of them.
            ignore_index: Label of pixels that feed none.

        Returns:
            'hard': the labels; 'soft': the classes that were drawn;
            'confidence': the labels where they were drawn. ``ignore_index``
            where there is no label, or the teacher is not sure enough.

        Raises:
            ValueError: What the teacher says is needed and not known, or is
                of images of another size.
        """
        if not self.needs_teacher:
            return labels
        if sampled is None:
            raise UserValueError(
                f"{self} count target pixels by the teacher's probabilities, "
                'which the objective does not pass on: one of your own does '
                'with PixelTargets(..., sampled=step.pseudo.sampled), and '
                '.moved(...) of these where images are flipped or cropped; '
                "with SampledLabels(labels) where labels are no teacher's"
            )
        if sampled.classes.shape != labels.shape:
            raise UserValueError(
                f'{self}: labels are {tuple(labels.shape)} (N, H, W), but '
                "the classes drawn from the teacher's probabilities "
                f'{tuple(sampled.classes.shape)}: flip and crop both alike, '
                'with PixelTargets(...).moved(...)'
            )
        counted = labels != ignore_index
        if self.threshold is not None and sampled.confidence is not None:
            counted &= sampled.confidence >= self.threshold
        if self.assignment == 'confidence':
            counted &= sampled.classes == labels
        found = sampled.classes if self.assignment == 'soft' else labels
        return found.masked_fill(~counted, ignore_index)
