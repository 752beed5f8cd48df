"""Classes shall not be confused with each other (MCC)."""

import torch
from mmseg.registry import MODELS
from torch import Tensor

from ....number_checks import check_number
from ...backward_pass import Weights
from .joint_term import JointOutputs, JointTerm

EPSILON = 1e-5


@MODELS.register_module()
class MCC(JointTerm):
    """Minimum class confusion of the target predictions (ECCV 2020).

    "Minimum Class Confusion for Versatile Domain Adaptation"; values and
    gradients are those of https://github.com/thuml/Transfer-Learning-Library,
    which https://github.com/lhoyer/MIC (cls/) has, too.

    Args:
        temperature: Of the probabilities, above 0.
        loss_weight: Factor of the loss, at least 0; or two, one for each
            pass of ``SAMOptimWrapper``.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        temperature: float = 2.5,
        loss_weight: Weights = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        check_number('MCC', 'temperature', temperature, above=True)
        self.temperature = temperature

    def forward(self, outputs: JointOutputs) -> dict[str, Tensor]:
        """The loss by name."""
        logits = outputs.target.logits.flatten(1)
        loss = minimum_class_confusion(logits, self.temperature)
        return dict(loss_mcc=loss)


def minimum_class_confusion(logits: Tensor, temperature: float) -> Tensor:
    """Share of its own class that a class gives to others, on average.

    With p = softmax(z / T), H_i the entropy of sample i and weights
    w_i = N (1 + exp(-H_i)) / sum_j (1 + exp(-H_j)), which have no gradient,

        M_cd = sum_i w_i p_ic p_id,
        loss = 1 - (1 / C) sum_c M_cc / sum_d M_cd.

    As p_i sums to 1, row c of the normalised M is a mean of all p_i by the
    weights a_ic = w_i p_ic / sum_j w_j p_jc, a softmax over the batch of
    log(w_i p_ic): in this form a class whose probability underflows
    throughout the batch is no 0 / 0.

    Args:
        logits: z, (N, C).
        temperature: T, above 0.

    Returns:
        A scalar; float32 at least.
    """
    with torch.autocast(logits.device.type, enabled=False):
        scaled = at_least_float32(logits) / temperature
        log_p = scaled.log_softmax(1)
        p = log_p.exp()
        log_weights = certainty(p.detach()).log()
        shares = (log_weights[:, None] + log_p).softmax(0)
        return 1 - (shares * p).sum(0).mean()


def certainty(probabilities: Tensor) -> Tensor:
    """1 + exp(-H) of each sample, by which sure ones count up to twice.

    Args:
        probabilities: (N, C).

    Returns:
        (N,), between 1 and 2.
    """
    log_p = (probabilities + EPSILON).log()
    entropy = -(probabilities * log_p).sum(1)
    return 1 + (-entropy).exp()


def at_least_float32(values: Tensor) -> Tensor:
    """The same in float32, or in float64 where it is that."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
