"""Target predictions shall look like source predictions (adversarial)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from mmseg.registry import MODELS
from mmseg.utils import OptConfigType
from torch import Tensor, nn

from ....errors import UserTypeError, UserValueError
from ....number_checks import check_number
from ..adversaries.kinds import (
    DOMAINS,
    INPUTS,
    LOSSES,
    check_kinds,
    discriminator_settings,
)
from ..optimization.sequential_backward import DISCRIMINATOR
from ..teacher.image_logits import (
    MAIN,
    ImageOutputs,
    output_heads,
    recorded_inputs,
    recorded_logits,
)
from .objective import Objective
from .output_checks import check_has_source, check_outputs
from .source import SourceObjective
from .step import UDAStep
from .target_term import TargetTerm


class Predictions(NamedTuple):
    """What the student predicts for a domain, for the discriminators.

    Attributes:
        domain: One of ``DOMAINS``.
        outputs: (N, C, H, W) by output, detached: logits of the source; of
            the target, which the discriminators are shown in ``forward``,
            what they are shown.
        prefix: Of their names in the log.
    """

    domain: str
    outputs: dict[str, Tensor]
    prefix: str = ''


@MODELS.register_module()
class AdversarialObjective(TargetTerm):
    """Discriminators that are to be misled by the student.

    AdaptSegNet (CVPR 2018) with probabilities, AdvEnt (CVPR 2019) with
    self-information. Each output of the student has a discriminator of its
    own, which learns to tell the domains apart, with an optimizer of its
    own; the student learns to have target images taken for source images.

    Behaves as the AdvSeg of https://github.com/lhoyer/MIC and as
    https://github.com/valeoai/ADVENT: predictions at the size of the images,
    all from before the update, halves of both domains for the
    discriminators, which learn nothing where the student does. Padding is
    part of an image here: crops should have none.

    Args:
        inputs: What discriminators see, 'softmax' or 'self_information'.
        loss_type: 'bce', or 'ls' for least squares.
        loss_weight: Factor of the student's loss for the decode head, at
            least 0.
        auxiliary_loss_weight: Factor for each auxiliary head; 0: without.
        discriminator: Config of a discriminator, or arguments of
            ``FCDiscriminator``.

    Raises:
        ValueError: A setting out of range.
    """

    prefix = 'adv'
    optimizer_name = DISCRIMINATOR

    def __init__(
        self,
        inputs: str = 'softmax',
        loss_type: str = 'bce',
        loss_weight: float = 0.001,
        auxiliary_loss_weight: float = 0.0002,
        discriminator: OptConfigType = None,
    ) -> None:
        super().__init__()
        owner = type(self).__name__
        check_kinds(owner, inputs, loss_type)
        check_number(owner, 'loss_weight', loss_weight)
        check_number(owner, 'auxiliary_loss_weight', auxiliary_loss_weight)
        self.inputs = INPUTS[inputs]
        self.criterion, self.threshold = LOSSES[loss_type]
        self.loss_weight = loss_weight
        self.auxiliary_loss_weight = auxiliary_loss_weight
        self.discriminators = nn.ModuleDict()
        self._settings = discriminator_settings(owner, discriminator)
        self._named_sources: Sequence[str] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse methods of 0.1.0 that would not be called."""
        super().__init_subclass__(**kwargs)
        for old, new in (
            ('watching', 'around'),
            ('discriminator_losses', 'own_losses'),
        ):
            if hasattr(cls, old):
                raise UserTypeError(
                    f'{cls.__name__}.{old} of 0.1.0 is not called any more: '
                    f'make it {new}, see AdversarialObjective.{new}'
                )

    @property
    def uses_auxiliary(self) -> bool:
        """Whether auxiliary heads have discriminators."""
        return self.auxiliary_loss_weight > 0

    def attach(self, student: nn.Module) -> None:
        """Build a discriminator for each output.

        Raises:
            ValueError: The student has one class, or crops are too small.
        """
        check_outputs(type(self).__name__, student, self.uses_auxiliary)
        size = getattr(student.data_preprocessor, 'size', None)
        for name, head in output_heads(student).items():
            if name != MAIN and not self.uses_auxiliary:
                continue
            built = MODELS.build(
                {**self._settings, 'in_channels': head.num_classes}
            )
            least = getattr(built, 'min_size', 1)
            if size is not None and min(size) < least:
                raise UserValueError(
                    f'data_preprocessor.size is {tuple(size)}, but a '
                    f'{type(built).__name__} needs crops of {least} x '
                    f'{least} pixels at least'
                )
            self.discriminators[name] = built

    def after_init(self, student: nn.Module) -> None:
        """Load the initial weights of discriminators that have such."""
        with torch.random.fork_rng(devices=[]):
            for discriminator in self.discriminators.values():
                if hasattr(discriminator, 'init_weights'):
                    discriminator.init_weights()

    def check_beside(self, objectives: Sequence[Objective]) -> None:
        """Refuse to have no predictions of the source to compare with.

        Of several that predict it, all but the last are named in the log.
        """
        check_has_source('AdversarialObjective', objectives)
        sources = [
            o.prefix for o in objectives if isinstance(o, SourceObjective)
        ]
        self._named_sources = sources[:-1]

    def own_modules(self) -> nn.Module:
        """The discriminators."""
        return self.discriminators

    @contextmanager
    def around(
        self, student: nn.Module, objective: Objective
    ) -> Iterator[Predictions | None]:
        """Note what the student predicts for source and target images."""
        if objective is self:
            with recorded_inputs(self.discriminators) as maps:
                yield Predictions('target', maps)
        elif isinstance(objective, SourceObjective):
            named = objective.prefix in self._named_sources
            prefix = f'{objective.prefix}.' if named else ''
            with recorded_logits(student, self.uses_auxiliary) as logits:
                yield Predictions('source', logits, prefix)
        else:
            yield None

    def target_losses(
        self, student: nn.Module, outputs: ImageOutputs, step: UDAStep
    ) -> dict[str, Tensor]:
        """Losses of the student."""
        losses = {}
        for name in self.discriminators:
            logits = outputs.logits(name)
            weight = self.auxiliary_loss_weight
            if name == MAIN:
                weight = self.loss_weight
            loss = self._loss(
                self._patches(name, self._maps(logits)), 'source'
            )
            losses[f'{name}.loss_generator'] = weight * loss
        return losses

    def own_losses(self, record: Predictions) -> dict[str, Tensor]:
        """Losses of the discriminators on the predictions for a domain.

        Args:
            record: The predictions.

        Returns:
            Losses, and the percentage of patches that are told right, by
            name.
        """
        domain = record.domain
        found = {}
        for name, maps in record.outputs.items():
            if domain == 'source':
                maps = self._maps(maps)
            patches = self._patches(name, maps)
            key = f'{record.prefix}{name}'
            found[f'{key}.loss_{domain}'] = self._loss(patches, domain) / 2
            right = patches.detach() > self.threshold
            if domain == 'source':
                right = ~right
            found[f'{key}.acc_{domain}'] = 100 * right.float().mean()
        return found

    def _maps(self, logits: Tensor) -> Tensor:
        with torch.autocast(logits.device.type, enabled=False):
            return self.inputs(logits.float())

    def _patches(self, name: str, maps: Tensor) -> Tensor:
        return self.discriminators[name](maps).float()

    def _loss(self, outputs: Tensor, domain: str) -> Tensor:
        labels = torch.full_like(outputs, DOMAINS.index(domain))
        return self.criterion(outputs, labels)
