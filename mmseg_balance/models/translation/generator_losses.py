"""What a translation costs a generator."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from ..recording import (
    IDENTITY,
    PREDICTION,
    TRANSLATED,
    TRANSLATED_BACK,
    note,
)
from .direction import Direction
from .gan_losses import gan_loss
from .perceptual import perceptual_losses


@dataclass(frozen=True)
class GeneratorLosses:
    """The losses of generators with their weights.

    Attributes:
        lambda_gan: Of the adversarial loss.
        lambda_cycle: Of the cycle loss, mean absolute difference.
        lambda_identity: Of the identity loss, in units of ``lambda_cycle``.
        lambda_ppl, lambda_ppl_recon: Of the two terms of Eq. 7.
        ppl_distance: See ``DISTANCES``.
        gan_loss: See ``GAN_LOSSES``.
    """

    lambda_gan: float
    lambda_cycle: float
    lambda_identity: float
    lambda_ppl: float
    lambda_ppl_recon: float
    ppl_distance: str
    gan_loss: str

    @property
    def has_perceptual(self) -> bool:
        """Whether a segmentation network is asked for."""
        return self.lambda_ppl > 0 or self.lambda_ppl_recon > 0

    def of_translation(
        self, way: Direction, images: Tensor, network: nn.Module | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Translate images, and back.

        Args:
            way: From their domain to the other one.
            images: (N, 3, H, W).
            network: Gives logits; None: no perceptual loss.

        Returns:
            The translations without their graph, and all losses but the
            identity's, weighted.
        """
        translated = way.generator(images)
        back = way.generator_back(translated)
        note(TRANSLATED, translated)
        note(TRANSLATED_BACK, back)
        misled = gan_loss(way.discriminator(translated), True, self.gan_loss)
        losses = dict(
            loss_gan=self.lambda_gan * misled,
            loss_cycle=self.lambda_cycle * F.l1_loss(back, images),
        )
        if network is not None:
            logits = network(images)  # no graph: nothing in it is trained
            note(PREDICTION, lambda: logits.argmax(1))
            losses |= perceptual_losses(
                logits,
                network(translated),
                network(back),
                self.lambda_ppl,
                self.lambda_ppl_recon,
                self.ppl_distance,
            )
        return translated.detach(), losses

    def of_identity(self, way: Direction, images: Tensor) -> dict[str, Tensor]:
        """What a change of images costs that need none.

        Args:
            way: Into their own domain.
            images: (N, 3, H, W).

        Returns:
            The loss, weighted; nothing where it has no weight.
        """
        if not self.lambda_identity:
            return {}
        same = way.generator(images)
        note(IDENTITY, same)
        weight = self.lambda_cycle * self.lambda_identity
        return dict(loss_identity=weight * F.l1_loss(same, images))
