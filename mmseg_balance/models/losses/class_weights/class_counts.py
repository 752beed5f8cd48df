"""How often each class occurs: the prior that balance losses start from."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ....errors import UserRuntimeError, UserValueError
from ....number_checks import check_number_of_classes, is_number

UNITS = ('pixels', 'images')
SOURCES = ('dataset', 'online')


class ClassCounts(nn.Module):
    """Pixels of each class, and images that have it, in the source set.

    Online counts are saved, resumed, and equal on all ranks; those of a data
    set or a config are taken anew by each run.

    Args:
        num_classes: Number of classes C.
        counts: - 'dataset': those of the whole source data set, which
                ``ClassStatisticsHook`` reads from the files of
                ``data class-stats`` and compares with the labels.
              - 'online': those of the source batches seen so far, up to the
                iteration before.
              - C numbers: pixels of each class. Images are then unknown.
        allow_absent: Whether a class may have no pixel in the whole set.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        num_classes: int,
        counts: str | Sequence[float] = 'dataset',
        allow_absent: bool = False,
    ) -> None:
        super().__init__()
        check_number_of_classes(type(self).__name__, num_classes)
        if isinstance(counts, str) and counts not in SOURCES:
            raise UserValueError(
                f'Expected `counts` to be one of {SOURCES} or a list of '
                f'pixels of each class, but got {counts!r}'
            )
        self.num_classes = num_classes
        self.source = counts if isinstance(counts, str) else 'given'
        self.allow_absent = allow_absent
        kept = self.source == 'online'
        for unit in UNITS:
            zeros = torch.zeros(num_classes, dtype=torch.float64)
            self.register_buffer(unit, zeros, persistent=kept)
            self.register_buffer(f'_new_{unit}', zeros.clone(), False)
        self.ready = False
        if self.source == 'given':
            self.fill(_pixels_of(counts, num_classes))

    def fill(self, pixels: Tensor, images: Tensor | None = None) -> None:
        """Take over the counts of a whole data set.

        Args:
            pixels: Pixels of each class, (C,).
            images: Images with each class, (C,). Default: not known.

        Raises:
            ValueError: Another number of classes, or a class without pixels
                where none may be absent; names them.
        """
        if pixels.shape != (self.num_classes,):
            raise UserValueError(
                f'The source set has {len(pixels)} classes, but '
                f'loss_decode.num_classes is {self.num_classes}'
            )
        absent = (pixels == 0).nonzero().flatten().tolist()
        if len(absent) == self.num_classes or absent and not self.allow_absent:
            raise UserValueError(
                f'classes {absent} have no pixel in the source set, so their '
                'frequency says nothing of them: set '
                'loss_decode.allow_absent=True (they keep weight 1, or the '
                'adjustment of the rarest class that occurs), or '
                "loss_decode.counts='online'"
            )
        self.pixels.copy_(pixels)
        if images is not None:
            self.images.copy_(images)
        self.ready = True

    def forget(self) -> None:
        """Start anew, with no counts."""
        for unit in UNITS:
            getattr(self, unit).zero_()
            getattr(self, f'_new_{unit}').zero_()
        self.ready = False

    @torch.no_grad()
    def observe(self, labels: Tensor, known: Tensor) -> None:
        """Count a source batch; it counts from the next iteration on.

        Args:
            labels: Class of each pixel, any where not known, (N, ...).
            known: Which pixels have a label, bool (N, ...).
        """
        number = len(labels)
        pixels = labels.new_zeros(
            number, self.num_classes, dtype=torch.float64
        ).scatter_add_(
            1,
            labels.reshape(number, -1),
            known.reshape(number, -1).double(),
        )
        self._new_pixels += pixels.sum(0)
        self._new_images += (pixels > 0).sum(0)

    def update(self, reduce: Callable[[Tensor], Tensor] | None = None) -> None:
        """Add what was observed, on all ranks alike.

        Args:
            reduce: Sums a tensor over ranks. Default: one rank.
        """
        new = torch.stack([self._new_pixels, self._new_images])
        if reduce is not None:
            new = reduce(new)
        self.pixels += new[0]
        self.images += new[1]
        self._new_pixels.zero_()
        self._new_images.zero_()

    def of(self, unit: str) -> Tensor:
        """Counts of each class, float64 (C,).

        Args:
            unit: 'pixels' or 'images'.

        Raises:
            RuntimeError: In training, before they are known.
        """
        if self.training and self.source == 'dataset' and not self.ready:
            raise UserRuntimeError(
                'A loss needs the class statistics of the source set, which '
                "nothing has read: add dict(type='ClassStatisticsHook') to "
                "custom_hooks, or set loss_decode.counts='online'"
            )
        return getattr(self, unit)

    def extra_repr(self) -> str:
        """Settings, for print(model)."""
        return f'{self.num_classes}, counts={self.source!r}'


def _pixels_of(counts: Sequence[float], num_classes: int) -> Tensor:
    """Counts of a config, checked, float64 (C,).

    Raises:
        ValueError: They are no numbers of pixels.
    """
    fine = isinstance(counts, (list, tuple)) and all(
        is_number(n) and (n == 0 or n >= 1) for n in counts
    )
    if not fine or len(counts) != num_classes:
        raise UserValueError(
            f'Expected `counts` to be {num_classes} numbers of pixels, one a '
            f'class and no shares, but got {counts!r}'
        )
    return torch.tensor(counts, dtype=torch.float64)


def check_unit(unit: str, counts: ClassCounts, loss: str) -> None:
    """Refuse a unit that there is not, or whose counts are not known.

    Args:
        unit: What is counted.
        counts: The counts.
        loss: Name of the loss, for the message.

    Raises:
        ValueError: Names the setting.
    """
    if unit not in UNITS:
        raise UserValueError(
            f'Expected `unit` of {loss} to be one of {UNITS}, but got {unit!r}'
        )
    if unit == 'images' and counts.source == 'given':
        raise UserValueError(
            f"`unit` of {loss} is 'images', but `counts` is a list of pixels: "
            "set unit='pixels', or counts='dataset'"
        )
