"""Self-training on class-mixed images (DACS)."""

from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserValueError
from ...declarations import takes_frames
from ...head_losses.predictions import training_features
from ...head_losses.segmentation_loss import segmentation_losses
from ..mixing.augmentation_settings import DACS_COLOURS, Augmentation
from ..mixing.class_mix import (
    class_masks,
    draw_mix_classes,
    draw_mix_masks,
    mix,
)
from ..mixing.frame_mix import FRAME_MASKS, mix_images
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
        frame_masks: What cuts the frames before the images, of a student
            that takes frames. 'image': the mask of the image, as the
            consistent mixing of UVDA. 'own': the same classes in the
            source labels of that frame, as CMOM (WACV 2023), for which those
            labels are loaded.

    Raises:
        ValueError: ``frame_masks`` is neither, or the student takes no
            frames.
    """

    prefix = 'mix'
    needs_target = True
    mixes_domains = True

    def __init__(
        self,
        augmentation: Augmentation = DACS_COLOURS,
        frame_masks: str = 'image',
    ) -> None:
        super().__init__()
        if frame_masks not in FRAME_MASKS:
            raise UserValueError(
                f'Expected `frame_masks` to be one of {FRAME_MASKS}, but got '
                f'{frame_masks!r}'
            )
        self.frame_masks = frame_masks
        self.needs_source_frames = frame_masks == 'own'
        self._settings = augmentation
        self.augmentation: nn.Module = nn.Identity()
        self._shared: tuple[nn.Module | None] = (None,)

    def attach(self, student: nn.Module) -> None:
        """Build the augmentation, which needs the student's mean and std."""
        if self.frame_masks == 'own' and not takes_frames(student):
            raise UserValueError(
                "frame_masks='own' mixes the frames before images, which "
                f'{type(student).__name__} does not take: set model.segmentor'
                ".type='AccelEncoderDecoder', or leave frame_masks away"
            )
        self.augmentation = strong_augmentation(student, self._settings)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Have the density estimated, too."""
        self._shared = (density,)

    def training_batch(self, step: UDAStep) -> TrainingBatch:
        """Mixed images, and whose label and weight each pixel has."""
        return mixed_batch(step, self.augmentation, self.frame_masks)

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


def mixed_batch(
    step: UDAStep, augmentation: nn.Module, frame_masks: str = 'image'
) -> TrainingBatch:
    """Draw classes of the source, and paste them onto the target.

    Args:
        step: Data of the iteration, with pseudo-labels.
        augmentation: Of the mixed images.
        frame_masks: See ``ClassMixedObjective``.

    Raises:
        ValueError: The frames before have no labels, and are needed.
    """
    earlier = None
    if frame_masks == 'own':
        mask, earlier = draw_own_masks(step)
    else:
        mask = draw_mix_masks(step.source_labels)
    images = mix_images(mask, step.source_images, step.target_images, earlier)
    return TrainingBatch(
        augmentation(images),
        mix(mask, step.source_labels, step.pseudo.labels),
        step.pseudo.weight.masked_fill(mask, 1.0),
        ~mask,
        step.pseudo.sampled,
    )


def draw_own_masks(step: UDAStep) -> tuple[Tensor, Tensor]:
    """Masks of the same classes in the source images and the frames before.

    Args:
        step: With ``source_frames``.

    Returns:
        Bool (N, H, W), of each.

    Raises:
        ValueError: The frames before have no labels.
    """
    labels = step.source_frames.labels
    if labels is None:
        raise UserValueError(
            "frame_masks='own' cuts the frames before source images by their "
            'own labels, which are not loaded: set with_labels=True of '
            'LoadPreviousFrame in train_dataloader.dataset.source.pipeline'
        )
    chosen = draw_mix_classes(step.source_labels)
    return class_masks(step.source_labels, chosen), class_masks(labels, chosen)
