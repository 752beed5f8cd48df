"""Pseudo-labels that do not repeat the teacher's class bias (Eq. 7)."""

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from mmseg_balance.logits.post_hoc.scores import check_tau, table_scores
from mmseg_balance.logits.statistics.online import TARGET

from ....errors import UserValueError
from ...head_losses.logit_statistics import statistics_of


class PseudoBalance:
    """Post-hoc class balancing of the teacher's logits (Sec. 3.3.3).

    The distributions are those of the student's target logits, which a
    BLDALoss follows anyway; the teacher is an average of the student. Until
    they are fitted nothing is balanced. The host never waits for the device.

    The scores say which class a pixel gets, and not how sure the teacher
    is: offsets end at the clip quantiles, so their softmax is the flatter the
    larger tau is, and with tau = 1 hardly a pixel would count.

    Args:
        head: The student's decode head, with a BLDALoss.
        tau: Scale of the offset, at least 0. 0 changes no pseudo-label.

    Raises:
        ValueError: ``tau`` is out of range, or the head has no BLDALoss, or
            one without a table.
    """

    def __init__(self, head: BaseDecodeHead, tau: float) -> None:
        check_tau(tau, 'pseudo_balance')
        statistics = statistics_of(head)
        if statistics is None:
            raise UserValueError(
                'pseudo_balance needs the distributions of a BLDALoss: set '
                "decode_head.loss_decode=dict(type='BLDALoss', "
                'num_classes=...), or leave pseudo_balance away'
            )
        if statistics.grid_size is None:
            raise UserValueError(
                'pseudo_balance looks offsets up in a table, but grid_size '
                'of the BLDALoss is None: set it to 512'
            )
        self.statistics = statistics
        self.tau = tau

    def __call__(self, logits: Tensor) -> Tensor:
        """Scores log p~ of the teacher's logits.

        Args:
            logits: (N, C, H, W).

        Returns:
            Scores, float32 (N, C, H, W); the largest is the pseudo-label.
        """
        with torch.autocast(logits.device.type, enabled=False):
            return table_scores(
                logits,
                self.statistics.table,
                self.tau,
                TARGET,
                self.statistics.kernels,
            )
