"""Self-training on class-mixed images (DACS)."""

from mmseg.registry import MODELS
from torch import Tensor, nn

from ..class_mix import draw_mix_masks, mix
from ..segmentation_loss import segmentation_losses
from ..step import UDAStep


@MODELS.register_module()
class ClassMixedObjective(nn.Module):
    """The losses of the segmentor on source classes pasted onto the target.

    DACS (WACV 2021). Pasted pixels have their source label and weight 1,
    the others the teacher's label and weight. Which pixel is from which
    domain is told to the losses that ask.

    Args:
        augmentation: Applied to the normalised mixed images.
    """

    prefix = 'mix'
    needs_target = True

    def __init__(self, augmentation: nn.Module | None = None) -> None:
        super().__init__()
        self.augmentation = augmentation or nn.Identity()

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name, and the share of confident target pixels."""
        mask = draw_mix_masks(step.source_labels)
        images = self.augmentation(
            mix(mask, step.source_images, step.target_images)
        )
        labels = mix(mask, step.source_labels, step.pseudo.labels)
        weight = step.pseudo.weight.masked_fill(mask, 1.0)
        features = student.extract_feat(images)
        losses = segmentation_losses(
            student,
            features,
            labels,
            weight,
            target_mask=~mask,
            density=step.density,
        )
        losses['confident'] = step.pseudo.confident
        return losses
