"""Methods without pseudo-labels: adversarial, and by minimal entropy."""

from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType

from .objectives import (
    AdversarialObjective,
    EntropyObjective,
    MaskedObjective,
    Objective,
    SourceObjective,
)
from .part_settings import DEFAULTS, settings_of_part
from .segmentor import UDASegmentor


class TargetMethod(UDASegmentor):
    """Source losses and an objective on what is predicted for the target.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        objective: The objective on the target.
        masked_consistency: Arguments of ``MaskedObjective`` (MIC), {} for
            its defaults; needs a teacher, ``alpha``. Default: none.
        **kwargs: See :class:`UDASegmentor`. Without ``alpha`` there is no
            teacher.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        objective: Objective,
        masked_consistency: OptConfigType = None,
        **kwargs: Any,
    ) -> None:
        objectives = [SourceObjective(), objective]
        if masked_consistency is not None:
            objectives.append(MaskedObjective(**masked_consistency))
        super().__init__(segmentor, objectives, **kwargs)


@MODELS.register_module()
class AdaptSegNet(TargetMethod):
    """Adversarial learning in the space of probabilities (CVPR 2018).

    The optimizer of the discriminators is that of
    ``AdversarialOptimWrapperConstructor``.

    Args:
        segmentor: Config of an ``EncoderDecoder``; its auxiliary heads make
            it the multi-level variant.
        adversarial: Arguments of ``AdversarialObjective``. Default: its
            defaults.
        masked_consistency: See :class:`TargetMethod`.
        **kwargs: See :class:`TargetMethod`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        adversarial: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        settings = settings_of_part(self, 'adversarial', adversarial)
        objective = AdversarialObjective(**settings)
        super().__init__(segmentor, objective, **kwargs)


@MODELS.register_module()
class AdvEnt(AdaptSegNet):
    """Adversarial learning in the space of self-information (CVPR 2019).

    Args:
        segmentor, adversarial, masked_consistency: See
            :class:`AdaptSegNet`; ``adversarial.inputs`` is
            'self_information'.
        **kwargs: See :class:`TargetMethod`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        adversarial: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        settings = settings_of_part(self, 'adversarial', adversarial)
        adversarial = {'inputs': 'self_information', **settings}
        super().__init__(segmentor, adversarial, **kwargs)


@MODELS.register_module()
class MinEnt(TargetMethod):
    """Direct minimisation of the entropy (CVPR 2019, with AdvEnt).

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        entropy: Arguments of ``EntropyObjective``. Default: its defaults.
        masked_consistency: See :class:`TargetMethod`.
        **kwargs: See :class:`TargetMethod`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        entropy: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        settings = settings_of_part(self, 'entropy', entropy)
        objective = EntropyObjective(**settings)
        super().__init__(segmentor, objective, **kwargs)


@MODELS.register_module()
class MaxSquare(TargetMethod):
    """Maximum squares loss (ICCV 2019).

    Without the self-produced guidance of its multi-level variant, in which
    the auxiliary head learns from labels that both heads agree on.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        max_square: Arguments of ``EntropyObjective``. Default: kind
            'max_square', weights 0.1 for the decode head and 0 for others;
            'image_weighted_max_square' balances classes.
        masked_consistency: See :class:`TargetMethod`.
        **kwargs: See :class:`TargetMethod`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        max_square: ConfigType = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        settings = dict(
            kind='max_square', loss_weight=0.1, auxiliary_loss_weight=0.0
        )
        settings |= settings_of_part(self, 'max_square', max_square)
        objective = EntropyObjective(**settings)
        super().__init__(segmentor, objective, **kwargs)
