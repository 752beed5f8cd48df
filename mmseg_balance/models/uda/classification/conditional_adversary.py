"""Conditional adversarial learning of domains (CDAN)."""

import torch
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from ....number_checks import check_count, check_number
from ...backward_pass import Weights, check_passes
from ...head_losses.classifier_features import classifier_of
from .gradient_reversal import reversal_factor, reverse_gradient
from .joint_term import JointOutputs, JointTerm
from .minimum_class_confusion import at_least_float32, certainty


@MODELS.register_module()
class CDAN(JointTerm):
    """A discriminator of domains on features and predictions (NeurIPS 2018).

    "Conditional Adversarial Domain Adaptation"; behaves as in
    https://github.com/lhoyer/MIC (cls/) and the Transfer-Learning-Library.
    The discriminator sees the outer product of softmax(logits), which have no
    gradient of it, and the features that enter the classifier, whose gradient
    is reversed: by nothing in the first call, and by ever more of it. It is
    moved by the optimizer of the student.

    By default it takes part in the second pass of ``SAMOptimWrapper`` alone:
    "A Closer Look at Smoothness in Domain Adversarial Training" (ICML 2022,
    SDAT) has the task loss smooth, and the adversarial one as it is.

    Args:
        hidden: Units of the two hidden layers.
        entropy_conditioning: Whether samples count by 1 + exp(-H) of their
            prediction, over both domains (CDAN+E).
        max_iters: Calls that are the unit of the reversal's rise, see
            ``reversal_factor``.
        batch_norm: Whether hidden layers have batch norms; dropout of 0.5
            where they have none.
        loss_weight: Factor of the loss, at least 0; or two, one for each
            pass of ``SAMOptimWrapper``.
        sam_passes: In which of its passes it takes part.

    Attributes:
        discriminator (nn.Sequential): Gives the logit of the source, (N, 1).
        calls (Tensor): Of ``forward`` so far, int64 (); saved.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        hidden: int = 1024,
        entropy_conditioning: bool = False,
        max_iters: int = 1000,
        batch_norm: bool = True,
        loss_weight: Weights = 1.0,
        sam_passes: tuple[int, ...] = (2,),
    ) -> None:
        super().__init__(loss_weight)
        check_count('CDAN', 'hidden', hidden)
        check_number('CDAN', 'max_iters', max_iters, 1)
        check_passes('CDAN', sam_passes)
        self.hidden = hidden
        self.entropy_conditioning = entropy_conditioning
        self.max_iters = max_iters
        self.batch_norm = batch_norm
        self.sam_passes = tuple(sam_passes)
        self.discriminator = nn.Sequential()
        self.register_buffer('calls', torch.zeros((), dtype=torch.long))

    def attach(self, student: nn.Module) -> None:
        """Build the discriminator for the features of the student's head."""
        head = student.decode_head
        features = classifier_of(head).in_channels
        self.discriminator = domain_discriminator(
            head.num_classes * features, self.hidden, self.batch_norm
        )

    def forward(self, outputs: JointOutputs) -> dict[str, Tensor]:
        """The loss, and how many images are told right, in percent."""
        logits, features = (
            torch.cat([part.flatten(1) for part in parts])
            for parts in (
                (outputs.source.logits, outputs.target.logits),
                (outputs.source.features, outputs.target.features),
            )
        )
        factor = reversal_factor(self.calls, self.max_iters)
        self.calls += 1
        with torch.autocast(logits.device.type, enabled=False):
            probabilities = at_least_float32(logits.detach()).softmax(1)
            product = joint_features(probabilities, at_least_float32(features))
            found = self.discriminator(reverse_gradient(product, factor))[:, 0]
            is_source = torch.zeros_like(found)
            is_source[: len(outputs.source.logits)] = 1
            loss = functional.binary_cross_entropy_with_logits(
                found, is_source, self._weights(probabilities)
            )
        right = (found.detach() >= 0) == (is_source > 0)
        return dict(loss_cdan=loss, acc_domain=100 * right.float().mean())

    def _weights(self, probabilities: Tensor) -> Tensor | None:
        """Weights of the samples with the mean 1; None: all are 1."""
        if not self.entropy_conditioning:
            return None
        weights = certainty(probabilities)
        return weights / weights.mean()


def joint_features(probabilities: Tensor, features: Tensor) -> Tensor:
    """Outer product of prediction and feature.

    Args:
        probabilities: g, (N, C).
        features: f, (N, F).

    Returns:
        (N, C * F), g_c f_k at c * F + k.
    """
    return (probabilities[:, :, None] * features[:, None]).flatten(1)


def domain_discriminator(
    in_features: int, hidden: int, batch_norm: bool = True
) -> nn.Sequential:
    """Two hidden layers, and the logit of the source domain.

    Keys and initial weights are those of the Transfer-Learning-Library,
    whose last layer is a sigmoid.

    Args:
        in_features: Of a sample.
        hidden: Units of each layer.
        batch_norm: Whether these have batch norms, or dropout.
    """
    sizes = in_features, hidden, hidden
    layers: list[nn.Module] = []
    for size in sizes[:2]:
        layer = nn.Linear(size, hidden)
        if batch_norm:
            layers += [layer, nn.BatchNorm1d(hidden), nn.ReLU()]
        else:
            layers += [layer, nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(hidden, 1))
