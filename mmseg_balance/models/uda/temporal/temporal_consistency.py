"""A frame shall be predicted as surely as the frame before it."""

import torch
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....number_checks import check_number
from ..objectives.output_checks import check_outputs
from ..objectives.step import UDAStep
from ..objectives.target_term import TargetTerm
from ..teacher.image_logits import MAIN, ImageOutputs
from .frame_logits import frame_logits
from .intra_domain import intra_domain_consistency, propagated_probabilities


@MODELS.register_module()
class TemporalConsistencyObjective(TargetTerm):
    """Draws unsure predictions of target images to those of the frame before.

    The intra-domain temporal consistency of DA-VSN (ICCV 2021), ITCR, see
    :func:`intra_domain_consistency`: on the decode head's logits at their own
    size, of the student itself. Its spatial-temporal discriminators are left
    out, and so is the auxiliary head, which has a tenth of the weight there.

    With a student that fuses both frames (``AccelEncoderDecoder``) p and q
    are of the logits that are not fused, as published: the fusion itself
    learns nothing by it.

    Args:
        loss_weight: Factor of the loss, at least 0.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'itcr'
    needs_target_frames = True

    def __init__(self, loss_weight: float = 0.001) -> None:
        super().__init__()
        check_number(type(self).__name__, 'loss_weight', loss_weight)
        self.loss_weight = loss_weight

    def attach(self, student: nn.Module) -> None:
        """Check that the student can be unsure.

        Raises:
            ValueError: It has one class.
        """
        check_outputs(type(self).__name__, student, auxiliary=False)

    def target_losses(
        self, student: nn.Module, outputs: ImageOutputs, step: UDAStep
    ) -> dict[str, Tensor]:
        """The loss by name, and the share of pixels that it is of."""
        pair = step.target_frames
        corners = student.decode_head.align_corners
        logits, before = frame_logits(student, outputs, pair.images)
        with torch.autocast(logits.device.type, enabled=False):
            logits, before = logits.float(), before.float()
            if before.shape != logits.shape:
                before = resize(
                    before, logits.shape[-2:], None, 'bilinear', corners
                )
            propagated = propagated_probabilities(
                before, pair, step.target_valid, corners
            )
            loss, share = intra_domain_consistency(logits, *propagated)
        return {
            f'{MAIN}.loss_temporal': self.loss_weight * loss,
            'surer_before': share,
        }
