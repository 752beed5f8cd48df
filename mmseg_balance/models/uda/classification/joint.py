"""One pass over source and target images together."""

from collections.abc import Sequence

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn

from ....errors import UserTypeError
from ...backward_pass import check_passes
from ...declarations import labels_images
from ...head_losses.logit_statistics import feed_statistics
from ...head_losses.pixel_targets import PixelTargets
from ...head_losses.predictions import Prediction
from ...head_losses.segmentation_loss import (
    is_trained,
    joined_log,
    losses_of_predictions,
)
from ...recording import SOURCE
from ..objectives.objective import Objective
from ..objectives.step import UDAStep
from ..optimization.contexts import told
from ..optimization.log import joined
from ..optimization.sequential_backward import STUDENT
from ..teacher.pseudo_labels import PseudoLabels
from .joint_term import JointTerm, joint_outputs


@MODELS.register_module()
class JointObjective(Objective):
    """Source loss and terms on both domains, on one pass over both batches.

    As https://github.com/lhoyer/MIC (cls/): source and target share a batch,
    and so the statistics of batch norms.

    Args:
        terms: Configs, or modules, of ``JointTerm``. Default: none, the
            source loss alone.
        statistics: Whether unmasked target images, with the teacher's
            labels, are those that BLDA follows (Alg. 1 as it is printed):
            losses that keep statistics are fed, and the density is
            estimated. Nothing else is learnt from these labels here.

    Raises:
        TypeError: One is no such term; names it.
    """

    prefix = 'joint'
    needs_target = True
    needs_pseudo_labels = False
    mixes_domains = True
    serves_classifiers = True
    noted_in = SOURCE

    def __init__(
        self,
        terms: Sequence[ConfigType | nn.Module] = (),
        statistics: bool = False,
    ) -> None:
        super().__init__()
        self.statistics = statistics
        self.needs_pseudo_labels = statistics
        self.terms = nn.ModuleList(
            t if isinstance(t, nn.Module) else MODELS.build(t) for t in terms
        )
        for term in self.terms:
            if not isinstance(term, JointTerm):
                raise UserTypeError(
                    'Expected `terms` of JointObjective to be on both domains '
                    '(subclasses of JointTerm), but got '
                    f'{type(term).__name__}: move it to `objectives`'
                )
            check_passes(type(term).__name__, term.sam_passes)
        self._shared: tuple[nn.Module | None] = (None,)

    def attach(self, student: nn.Module) -> None:
        """Let each term take over what it needs.

        Raises:
            TypeError: The student labels pixels; names what does not.
        """
        if not labels_images(student):
            raise UserTypeError(
                'JointObjective learns from one prediction an image, but '
                f'{type(student).__name__} labels pixels: set '
                "model.segmentor.type='ImageClassifier', or model.type to a "
                'method for segmentors, DACS or MIC for two'
            )
        for term in self.terms:
            term.attach(student)
        if any(True for _ in self.parameters()):
            self.optimizer_name = STUDENT

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the density of source features estimated, too."""
        self._shared = (density,)

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name."""
        (density,) = self._shared
        outputs = joint_outputs(
            student, step.source_images, step.target_images
        )
        losses = joined_log(
            losses_of_predictions(
                [outputs.source],
                [],
                PixelTargets(step.source_labels),
                density=density,
            )
        )
        current = step.backward_pass
        for term in filter(current.includes, self.terms):
            weight = current.weight(term.loss_weight)
            with told(f'{type(term).__name__}.forward'):
                found = term(outputs)
            weighted = {
                name: weight * value if is_trained(name) else value
                for name, value in found.items()
            }
            losses = joined(losses, weighted)
        if self.statistics:
            found = follow_target(
                student.decode_head, outputs.target, step.pseudo, density
            )
            losses = joined(losses, found)
        return losses


def follow_target(
    head: BaseDecodeHead,
    target: Prediction,
    pseudo: PseudoLabels,
    density: nn.Module | None = None,
) -> dict[str, Tensor]:
    """Show BLDA what is predicted for target images, and learn no label.

    Args:
        head: Whose losses are fed.
        target: Logits (N, C, 1, 1) and features of the target images.
        pseudo: Their labels and weights.
        density: A ``DensityEstimation`` on the head. Default: none.

    Returns:
        Losses by name, none without a density.
    """
    is_target = torch.ones_like(pseudo.labels, dtype=torch.bool)
    targets = PixelTargets(
        pseudo.labels, pseudo.weight, is_target, pseudo.sampled
    )
    feed_statistics(head, target.logits, targets)
    if density is None:
        return {}
    loss = density(
        head,
        target.features,
        target.logits,
        targets.labels,
        targets.weight,
        targets.target_mask,
    )
    return {'target.loss_density': loss}
