"""What a step has of the target: images, and whatever labels are read."""

from typing import TYPE_CHECKING, Any

from torch import Tensor

from ..frames.pairs import FramePair
from ..recording import TARGET, noted_in
from .checks.batches import check_one_shape, check_target_labels
from .frame_fields import images_and_frames
from .label_maps import batch_labels, batch_trusted, batch_valid
from .optimization.contexts import entered
from .preprocessing import preprocessed
from .teacher.labelling import label_images, refine_labels
from .teacher.pseudo_labels import PseudoLabels
from .teacher.refinement_rules import FrameLabels
from .temporal.warped_labels import earlier_logits

if TYPE_CHECKING:
    from .segmentor import UDASegmentor

IGNORED = 255


def target_fields(
    model: 'UDASegmentor', batch: dict, source_images: Tensor
) -> dict[str, Any]:
    """The fields of a ``UDAStep`` on the target.

    Args:
        model: Its objectives say what they read; its teacher labels.
        batch: Of the target, ``dict(inputs=..., data_samples=...)``.
        source_images: Normalised and padded, (N, 3, H, W).

    Returns:
        Fields by name: images and, where an objective reads them, labels
        that they come with and pseudo-labels.

    Raises:
        ValueError: Images of another shape than the source's where they are
            mixed, or without labels where such are read.
    """
    target = preprocessed(model.data_preprocessor, batch)
    samples = target['data_samples']
    images, frames = images_and_frames(
        model, target['inputs'], samples, TARGET
    )
    if any(o.mixes_domains for o in model.objectives):
        check_one_shape(source_images, images)
    valid = batch_valid(model, images, samples)
    trusted = batch_trusted(model, valid, samples)
    fields = dict(
        target_images=images,
        target_valid=valid,
        target_trusted=trusted,
        target_frames=frames,
    )
    if model.needs_target_labels:
        check_target_labels(samples)
        labels = batch_labels(model, images, samples)
        if trusted is not None:
            labels = labels.masked_fill(~trusted, IGNORED)
        fields['target_labels'] = labels
    if not model.needs_pseudo_labels:
        return fields
    contexts = {o: o.labelling(model.teacher) for o in model.objectives}
    with entered(contexts) as records:
        logits = model.teacher_logits(images)
    pseudo = label_images(
        logits,
        valid,
        model.label_target,
        model.balance,
        trusted,
        model.samples_labels,
    )
    fields |= dict(pseudo=pseudo, records=records)
    if model.refinement is None or model.iteration < model.refinement.start:
        return fields
    current = model.refinement.labelled(pseudo, logits)
    del logits  # as large as those of the frames before
    return fields | _refined(model, pseudo, current, frames, valid, trusted)


def _refined(
    model: 'UDASegmentor',
    pseudo: PseudoLabels,
    current: FrameLabels,
    pair: FramePair,
    valid: Tensor,
    trusted: Tensor | None,
) -> dict[str, Any]:
    """The fields of pseudo-labels that the frames before have a say in."""
    refinement, labeler = model.refinement, model.label_target
    before = earlier_logits(model.teacher, pair.images)
    with noted_in(None):  # pictures are of the images
        earlier = label_images(before, valid, labeler, model.balance, trusted)
    found, shares = refine_labels(
        pseudo,
        current,
        refinement.labelled(earlier, before),
        pair,
        valid,
        refinement,
        labeler,
        trusted,
    )
    return dict(
        pseudo=found,
        plain_pseudo=None if refinement.masked else pseudo,
        diagnostics={f'refined.{k}': v for k, v in shares.items()},
    )
