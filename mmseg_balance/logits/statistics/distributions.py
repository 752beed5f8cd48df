"""Distributions of logits, and what is looked up in them."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import UserValueError
from .. import host
from ..kernels.choice import check_kernels
from ..mixtures.gmm import GaussianMixtureBank
from ..offsets.difficulty import positive_cdf
from ..offsets.offset import logit_offset
from ..offsets.reference.adjustment import adjust_in_offset
from ..offsets.tables.fused_lookup import adjust_by_table
from ..offsets.tables.table import OffsetTable
from .settings import StatisticsSettings


class LogitDistributions(nn.Module):
    """Those of the source, of the target, and the anchors, a bank each.

    The banks are buffers. The table of their offsets follows from them: it
    is built when it is asked for, and not saved.

    Args:
        settings: Of the banks and the table.
        kernels: See :class:`.online.LogitStatistics`.
    """

    def __init__(
        self, settings: StatisticsSettings, kernels: str = 'auto'
    ) -> None:
        super().__init__()
        check_kernels(kernels)
        self.kernels = kernels
        self.num_classes = settings.num_classes
        self.clip = settings.clip
        self.grid_size = settings.grid_size
        self.anchor = settings.anchor
        bank = partial(
            GaussianMixtureBank,
            num_components=settings.num_components,
            momentum=settings.momentum,
            warmup=settings.warmup,
        )
        pairs = (self.num_classes, self.num_classes)
        self.source = bank(pairs)
        self.target = bank(pairs)
        self.anchors = bank((2,))
        self._table: OffsetTable | None = None  # follows from the banks
        self._outdated: OffsetTable | None = None  # gives its memory

    @property
    def table(self) -> OffsetTable:
        """Offsets of source (0) and target (1), rebuilt when out of date.

        Raises:
            ValueError: ``grid_size`` is None.
        """
        if self.grid_size is None:
            raise UserValueError(
                'Expected `grid_size` to be a number of knots, since a table '
                'is asked for, but got None: set it to 512'
            )
        if self._table is None:
            self._table = OffsetTable.build(
                [self.source, self.target],
                self.anchors,
                self.clip,
                self.grid_size,
                needs_anchors=True,
                instead_of=self._outdated,
                kernels=self.kernels,
            )
            self._outdated = None
        return self._table

    @property
    def _has_anchors(self) -> Tensor:
        """Whether there is something to align with, bool ().

        Anchors may be fitted later than the first class (those of the
        target, or of one class), and are standard normal until then.
        """
        return (self.anchors.num_updates > 0).all()

    # a table is a new one after each update: compiled code would be as well
    @torch.compiler.disable
    def offset(
        self,
        logits: Tensor,
        labels: Tensor,
        target_mask: Tensor | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Offsets of a batch, 0 as long as there are no anchors.

        From the table, or by ``align`` where there is no ``grid_size``.

        Args, and what is returned: as :meth:`OffsetTable.lookup` has them.
        """
        if self.grid_size is not None:
            return self.table.lookup(
                logits, labels, target_mask, ignore_index, self.kernels
            )
        offset = logit_offset(
            logits,
            labels,
            [self.source, self.target],
            self.anchors,
            self.clip,
            ignore_index,
            grid_size=None,
            domain=target_mask,
        )
        return offset * self._has_anchors

    @torch.compiler.disable
    def adjust(
        self,
        logits: Tensor,
        labels: Tensor,
        tau: float,
        target_mask: Tensor | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Logits minus tau times their offsets (Eq. 9).

        Args, and what is returned: as :func:`.adjust_by_table` has them.
        """
        if self.grid_size is None:
            offset = self.offset(logits, labels, target_mask, ignore_index)
            return adjust_in_offset(logits.float(), offset, tau)
        return adjust_by_table(
            self.table,
            logits,
            labels,
            tau,
            target_mask,
            ignore_index,
            self.kernels,
        )

    def positive_cdf(
        self,
        logits: Tensor,
        labels: Tensor,
        target_mask: Tensor | None = None,
        ignore_index: int = 255,
    ) -> tuple[Tensor, Tensor]:
        """Difficulty d of Eq. 10; see :func:`.difficulty.positive_cdf`."""
        return positive_cdf(
            logits,
            labels,
            [self.source, self.target],
            ignore_index,
            target_mask,
            self.kernels,
        )

    def extra_repr(self) -> str:
        """What computes, for print(model), where it was chosen."""
        return '' if self.kernels == 'auto' else f'kernels={self.kernels!r}'

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles have: no table, which may be large."""
        return {**vars(self), '_table': None, '_outdated': None}

    def _load_from_state_dict(self, *args, **kwargs) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._forget()

    def _apply(self, *args, **kwargs) -> 'LogitDistributions':
        module = super()._apply(*args, **kwargs)
        self._forget()
        return module

    def _outdate(self) -> None:
        """Have the table rebuilt, on the CPU in the memory of this one."""
        if self._table is not None and host.on_host(self.anchors.means):
            self._outdated = self._table
        self._table = None

    def _forget(self) -> None:
        """Drop what was derived from other numbers or another device."""
        self._table = self._outdated = None
