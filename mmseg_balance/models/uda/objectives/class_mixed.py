"""Self-training on class-mixed images (DACS)."""

from mmseg.registry import MODELS
from torch import Tensor, nn

from ...head_losses.predictions import training_features
from ...head_losses.segmentation_loss import segmentation_losses
from ..mixing.augmentation_settings import DACS_COLOURS, Augmentation
from ..mixing.class_mix import draw_mix_masks, mix
from ..mixing.photometric import strong_augmentation
from .objective import Objective
from .step import TrainingBatch, UDAStep


@MODELS.register_module()
class ClassMixedObjective(Objective):
    """The losses of the segmentor on source classes pasted onto the target.

    DACS (WACV 2021). Pasted pixels have their source label and weight 1,
    the others the teacher's label and weight. Which pixel is from which
    domain is told to the losses that ask.

    Args:
        augmentation: Of the mixed images, a dict of
            ``StrongAugmentationSettings``. None: they keep their colours.
    """

    prefix = 'mix'
    needs_target = True
    mixes_domains = True

    def __init__(
        self,
        augmentation: Augmentation = DACS_COLOURS,
    ) -> None:
        super().__init__()
        self._settings = augmentation
        self.augmentation: nn.Module = nn.Identity()
        self._shared: tuple[nn.Module | None] = (None,)

    def attach(self, student: nn.Module) -> None:
        """Build the augmentation, which needs the student's mean and std."""
        self.augmentation = strong_augmentation(student, self._settings)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the density estimated, too."""
        self._shared = (density,)

    def training_batch(self, step: UDAStep) -> TrainingBatch:
        """Mixed images, and whose label and weight each pixel has."""
        return mixed_batch(step, self.augmentation)

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses by name, and the share of confident target pixels."""
        (density,) = self._shared
        batch = self.training_batch(step)
        losses = segmentation_losses(
            student,
            training_features(student, batch.images),
            batch.targets,
            density=density,
        )
        losses['confident'] = step.pseudo.confident
        return losses


def mixed_batch(step: UDAStep, augmentation: nn.Module) -> TrainingBatch:
    """Draw classes of the source, and paste them onto the target.

    Args:
        step: Data of the iteration, with pseudo-labels.
        augmentation: Of the mixed images.
    """
    mask = draw_mix_masks(step.source_labels)
    images = mix(mask, step.source_images, step.target_images)
    return TrainingBatch(
        augmentation(images),
        mix(mask, step.source_labels, step.pseudo.labels),
        step.pseudo.weight.masked_fill(mask, 1.0),
        ~mask,
    )
