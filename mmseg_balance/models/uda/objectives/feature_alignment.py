"""Features of target objects shall be near those of source objects."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn

from ....errors import UserRuntimeError
from ...head_losses.watching import SeenPass, watched_passes
from ...recording import SEGMENTS, note, noted_in
from ..alignment.compared_features import (
    CLASSIFIER,
    ComparedFeatures,
    predicted_at,
)
from ..alignment.distances import object_distance, stuff_distance
from ..alignment.feature_buffer import FeatureBuffer
from ..alignment.ranks import of_all_ranks
from ..alignment.segments import NONE, SegmentFinder, Segments, mean_features
from ..alignment.settings import check_classes, check_settings
from ..teacher.image_logits import ImageOutputs
from .objective import Objective, row_of
from .output_checks import check_has_source, check_outputs
from .source import SourceObjective
from .step import UDAStep
from .target_term import TargetTerm


@MODELS.register_module()
class FeatureAlignmentObjective(TargetTerm):
    """Stuff and objects of the target near those of the source.

    SIM (Wang et al., CVPR 2020), and Eq. 1 and 4 to 6 of PHFA (Hua and Yi,
    2022). In each image, source or target, a segment is what is predicted as
    a stuff class, or one of the largest objects of a thing class: connected
    components of the prediction at the size of the features. Its feature is
    the mean over its pixels. Of source images the pixels that are predicted
    right count, and features are kept in a ring buffer for each class where
    the classifier itself takes them for the class. The loss of a target
    image is the distance of each of its segments to the nearest feature in
    the buffer of its class, the mean over channels of the absolute
    difference: of stuff that the classifier takes for the class, summed over
    classes; of objects the mean for each class, summed over classes. Classes
    have no loss until their buffers are full and one more has come.

    Behaves as the ``train_sim.py`` of https://github.com/SHI-Labs/
    Unsupervised-Domain-Adaptation-with-Differential-Treatment. As there, a
    class that is not predicted has the zero feature, and a distance without
    a gradient where the classifier takes it for the class. Beyond it:
    batches, of which the mean is taken, and ranks, whose buffers are equal
    since each is given the features of all; padding does not count; features
    are averaged and compared in float32.

    Args:
        stuff_classes: Indices of classes that are compared as a whole.
            Default: none.
        thing_classes: Indices of classes that are compared object by object.
            Default: none.
        stuff_weight: Factor of the loss of stuff, at least 0.
        thing_weight: Factor of the loss of objects, at least 0.
        stuff_buffer: How many features of each stuff class are kept.
        thing_buffer: How many features of each thing class are kept.
        max_objects: How many objects of a class count in an image, the
            largest.
        feature: 'classifier', what enters the classifier of the decode head
            (with ``DLV2Head`` the last stage of the backbone); or the index
            of an output of the backbone, or of the neck if there is one.
        check_class: Whether features count only where the classifier takes
            them for their class, as maps of one pixel, without dropout and
            by running statistics. With an index as ``feature`` it needs a
            decode head on this output alone.

    Raises:
        TypeError, ValueError: A setting out of range, or a network without
            the feature.
    """

    prefix = 'align'

    def __init__(
        self,
        stuff_classes: Sequence[int] = (),
        thing_classes: Sequence[int] = (),
        stuff_weight: float = 0.01,
        thing_weight: float = 0.01,
        stuff_buffer: int = 50,
        thing_buffer: int = 500,
        max_objects: int = 10,
        feature: str | int = CLASSIFIER,
        check_class: bool = True,
    ) -> None:
        super().__init__()
        self.classes = dict(
            stuff_classes=stuff_classes, thing_classes=thing_classes
        )
        check_settings(
            self.classes,
            dict(stuff_weight=stuff_weight, thing_weight=thing_weight),
            dict(
                stuff_buffer=stuff_buffer,
                thing_buffer=thing_buffer,
                max_objects=max_objects,
            ),
            feature,
            check_class,
        )
        self.stuff_weight = stuff_weight
        self.thing_weight = thing_weight
        self.capacities = stuff_buffer, thing_buffer
        self.feature = feature
        self.check_class = check_class
        self.find_segments = SegmentFinder(
            stuff_classes, thing_classes, max_objects
        )

    @property
    def uses_features(self) -> bool:
        """Whether predictions have to keep what entered the classifier."""
        return self.feature == CLASSIFIER

    def attach(self, student: nn.Module) -> None:
        """Find the features, and make room for them.

        Raises:
            TypeError, ValueError: There are none; names what there is.
        """
        check_outputs(type(self).__name__, student, auxiliary=False)
        check_classes(self.classes, student.decode_head.num_classes)
        self.compared = ComparedFeatures(
            self.feature, self.check_class, student
        )
        (stuff, things), channels = self.capacities, self.compared.channels
        finder = self.find_segments
        self.stuff = FeatureBuffer(len(finder.stuff), stuff, channels)
        self.things = FeatureBuffer(len(finder.things), things, channels)

    def check_beside(self, objectives: Sequence[Objective]) -> None:
        """Refuse to have no features of the source to compare with."""
        check_has_source(type(self).__name__, objectives)

    @contextmanager
    def around(
        self, student: nn.Module, objective: Objective
    ) -> Iterator[None]:
        """Keep features of the source images that are learnt from."""
        if not isinstance(objective, SourceObjective):
            yield None
            return
        with watched_passes(student, self.uses_features) as passes:
            yield None
        if not passes:
            raise UserRuntimeError(
                f'{type(objective).__name__}.forward does not call '
                'segmentation_losses, so that FeatureAlignmentObjective sees '
                'no features of the source'
            )
        with noted_in(row_of(objective)):
            self.keep(student, passes[-1])

    @torch.no_grad()
    def keep(self, student: nn.Module, seen: SeenPass) -> None:
        """Write features of labelled images into the buffers.

        Args:
            student: The segmentor.
            seen: Its pass over the images.
        """
        features = self.compared.of(seen.inputs, seen.prediction)
        labels = seen.targets.labels[:, None].float()
        labels = resize(labels, features.shape[-2:]).squeeze(1).long()
        predicted = predicted_at(features, seen.prediction)
        with torch.autocast(features.device.type, enabled=False):
            segments = self._segments(predicted, predicted == labels, student)
            means = mean_features(features, segments)
            is_kept = segments.sizes > 0
            if self.check_class:
                is_kept = is_kept & self._is_accepted(means, student)
        means, is_kept = of_all_ranks(means, is_kept)
        stuff, objects = self.find_segments.by_class(means)
        keep_stuff, keep_objects = self.find_segments.by_class(is_kept)
        self.stuff.write(stuff, keep_stuff)
        self.things.write(objects.flatten(1, 2), keep_objects.flatten(1, 2))

    def target_losses(
        self, student: nn.Module, outputs: ImageOutputs, step: UDAStep
    ) -> dict[str, Tensor]:
        """Distances to what the buffers hold, and how much has one."""
        features = self.compared.of(outputs.features, outputs.main)
        valid = resize(step.target_valid[:, None].float(), features.shape[-2:])
        predicted = predicted_at(features, outputs.main)
        with torch.autocast(features.device.type, enabled=False):
            segments = self._segments(predicted, valid.squeeze(1) > 0, student)
            means = mean_features(features, segments)
            counts = segments.sizes > 0
            stuff, objects = self.find_segments.by_class(means)
            counts_stuff, counts_object = self.find_segments.by_class(counts)
            if self.check_class:
                accepted = self._is_accepted(means.detach(), student)
                counts_stuff, _ = self.find_segments.by_class(accepted)
            loss_stuff = stuff_distance(stuff, counts_stuff, self.stuff)
            loss_thing, number = object_distance(
                objects, counts_object, self.things
            )
        return dict(
            loss_stuff=self.stuff_weight * loss_stuff,
            loss_thing=self.thing_weight * loss_thing,
            aligned_objects=number,
            ready_classes=self.stuff.num_full + self.things.num_full,
        )

    def _segments(
        self, predicted: Tensor, counts: Tensor, student: nn.Module
    ) -> Segments:
        """Segments of the predictions that count."""
        found = self.find_segments(torch.where(counts, predicted, NONE))
        ignored = student.decode_head.ignore_index
        note(
            SEGMENTS,
            lambda: self.find_segments.class_map(
                found, predicted.shape, ignored
            ),
        )
        return found

    def _is_accepted(self, means: Tensor, student: nn.Module) -> Tensor:
        """Whether the classifier takes segments for their class, (N, S)."""
        taken = self.compared.taken_for(means, student)
        return taken == self.find_segments.classes
