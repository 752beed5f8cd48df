"""What the pixels of a batch are learnt as: class, weight and domain."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ...errors import UserTypeError
from ..recording import FROM_TARGET, LABELS, WEIGHTS, note
from ..windows import Box
from .sampled_labels import SampledLabels


@dataclass(frozen=True, eq=False)
class PixelTargets:
    """Class, weight and domain of each pixel of a batch.

    Attributes:
        labels: Class of each pixel, ``ignore_index`` where there is none,
            (N, H, W).
        weight: Weight of each pixel, (N, H, W). None: 1 everywhere.
        target_mask: Pixels of the target domain, bool (N, H, W). None: a
            source batch, which losses that learn from source labels alone
            tell from one whose mask happens to be False throughout.
        sampled: Classes drawn from the teacher's probabilities, for losses
            with ``needs_sampled_labels``; those of other pixels than the
            target's are not looked at. None: no loss has asked for them.
    """

    labels: Tensor
    weight: Tensor | None = None
    target_mask: Tensor | None = None
    sampled: SampledLabels | None = None

    @classmethod
    def of(
        cls,
        labels: 'PixelTargets | Tensor',
        weight: Tensor | None = None,
        target_mask: Tensor | None = None,
    ) -> 'PixelTargets':
        """From tensors one by one, as functions of 0.1.0 take them.

        Args:
            labels: (N, H, W); a ``PixelTargets`` is given back as it is.
            weight, target_mask: As above.

        Raises:
            TypeError: Weights or domains beside a ``PixelTargets``.
        """
        if not isinstance(labels, PixelTargets):
            return cls(labels, weight, target_mask)
        if weight is not None or target_mask is not None:
            raise UserTypeError(
                'Expected weight and target_mask to be part of the '
                'PixelTargets, but got them beside it: use '
                'PixelTargets(labels, weight, target_mask)'
            )
        return labels

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.labels.shape[-2:]
        return height, width

    def crop(self, box: Box) -> 'PixelTargets':
        """Those of a part of the images; views.

        Args:
            box: The part, in pixels.
        """
        return self.moved(box.of)

    def moved(self, move: Callable[[Tensor], Tensor]) -> 'PixelTargets':
        """Those of images whose pixels lie elsewhere, flipped for one.

        Args:
            move: Gives a map (N, H, W) of the new images to one of the old:
                each pixel takes all that is known of it along.
        """
        return PixelTargets(
            *(
                None if part is None else move(part)
                for part in (self.labels, self.weight, self.target_mask)
            ),
            None if self.sampled is None else self.sampled.moved(move),
        )

    def weighted(self, weight: Tensor) -> 'PixelTargets':
        """The same with weights that those there are multiplied with.

        Args:
            weight: (N, H, W).
        """
        if self.weight is not None:
            weight = self.weight * weight
        return replace(self, weight=weight)

    def note(self) -> None:
        """Offer them to whoever records the iteration."""
        for name, value in (
            (LABELS, self.labels),
            (WEIGHTS, self.weight),
            (FROM_TARGET, self.target_mask),
        ):
            if value is not None:
                note(name, value)
