"""The student shall be sure of target images (MinEnt, MaxSquare)."""

from functools import partial

import torch
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn

from ....errors import UserValueError
from ....number_checks import check_number
from ..entropy.self_information import (
    entropy,
    image_weighted_max_square,
    max_square,
)
from ..entropy.weighted_entropy import weighted_entropy_of
from ..teacher.image_logits import MAIN, ImageOutputs
from .output_checks import check_outputs
from .step import UDAStep
from .target_term import TargetTerm

KINDS = dict(
    entropy=entropy,
    max_square=max_square,
    image_weighted_max_square=image_weighted_max_square,
)


@MODELS.register_module()
class EntropyObjective(TargetTerm):
    """A loss of the predictions on target images alone, without labels.

    Padding does not count.

    Args:
        kind: - 'entropy': normalised entropy (MinEnt, CVPR 2019).
              - 'max_square': maximum squares (MaxSquare, ICCV 2019).
              - 'image_weighted_max_square': with the classes that an image
                is predicted to have balanced.
        loss_weight: Factor for the decode head, at least 0.
        auxiliary_loss_weight: Factor for each auxiliary head; 0: without.
        ratio: Exponent of 'image_weighted_max_square', [0, 1]. Default: 0.2.
        class_weighting: Settings of gradient-based weights (GBW) for the
            entropy of each class: ``regularization``, ``mode`` and
            ``class_loss``, see ``WeightedEntropy``; {} for its defaults.
            Default: no weights.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'tgt'
    serves_classifiers = True

    def __init__(
        self,
        kind: str = 'entropy',
        loss_weight: float = 0.001,
        auxiliary_loss_weight: float = 0.0002,
        ratio: float | None = None,
        class_weighting: OptConfigType = None,
    ) -> None:
        super().__init__()
        if kind not in tuple(KINDS):
            raise UserValueError(
                'Expected `kind` of EntropyObjective to be one of '
                f'{tuple(KINDS)}, but got {kind!r}'
            )
        owner = 'EntropyObjective'
        check_number(owner, 'loss_weight', loss_weight)
        check_number(owner, 'auxiliary_loss_weight', auxiliary_loss_weight)
        if ratio is not None and kind != 'image_weighted_max_square':
            raise UserValueError(
                '`ratio` of EntropyObjective is that of kind='
                f"'image_weighted_max_square', but `kind` is {kind!r}: leave "
                'it away'
            )
        ratio = 0.2 if ratio is None else ratio
        check_number(owner, 'ratio', ratio, high=1)
        self.kind = kind
        self.loss_weight = loss_weight
        self.auxiliary_loss_weight = auxiliary_loss_weight
        self.criterion = KINDS[kind]
        if kind == 'image_weighted_max_square':
            self.criterion = partial(self.criterion, ratio=ratio)
        if class_weighting is not None:
            if kind != 'entropy':
                raise UserValueError(
                    '`class_weighting` of EntropyObjective weighs entropy, '
                    f"but `kind` is {kind!r}: set it to 'entropy', or leave "
                    'class_weighting away'
                )
            self.criterion = weighted_entropy_of(class_weighting)
            self.history = self.criterion.history

    def attach(self, student: nn.Module) -> None:
        """Check that the student can be unsure.

        Raises:
            ValueError: It has one class.
        """
        check_outputs(type(self).__name__, student, self.uses_auxiliary)

    @property
    def uses_auxiliary(self) -> bool:
        """Whether auxiliary heads have a loss."""
        return self.auxiliary_loss_weight > 0

    def target_losses(
        self, student: nn.Module, outputs: ImageOutputs, step: UDAStep
    ) -> dict[str, Tensor]:
        """Losses by name."""
        losses = {}
        with torch.autocast(step.target_images.device.type, enabled=False):
            for name in outputs.whole:
                if name != MAIN and not self.uses_auxiliary:
                    continue
                logits = outputs.logits(name)
                weight = self.auxiliary_loss_weight
                if name == MAIN:
                    weight = self.loss_weight
                loss = self.criterion(logits.float(), step.target_valid)
                losses[f'{name}.loss_{self.kind}'] = weight * loss
        return losses
