"""Methods: compositions of objectives under their usual names."""

from mmseg.registry import MODELS
from mmseg.utils import ConfigType

from .base import UDASegmentor
from .objectives import ClassMixedObjective, SourceObjective
from .photometric import StrongAugmentation


@MODELS.register_module()
class SourceOnly(UDASegmentor):
    """Supervised training on the source, in the same frame as the methods.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        **kwargs: See :class:`UDASegmentor`. With ``alpha`` an average of
            the student is kept as teacher; it does not take part.
    """

    def __init__(self, segmentor: ConfigType, **kwargs) -> None:
        super().__init__(segmentor, [SourceObjective()], **kwargs)


@MODELS.register_module()
class DACS(UDASegmentor):
    """Domain Adaptation via Cross-domain mixed Sampling (WACV 2021).

    Behaves as the DACS part of https://github.com/lhoyer/DAFormer.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        alpha: Momentum of the teacher.
        jitter_probability, jitter_strength, blur_probability: See
            :class:`StrongAugmentation`.
        **kwargs: See :class:`UDASegmentor`.
    """

    def __init__(
        self,
        segmentor: ConfigType,
        alpha: float = 0.99,
        jitter_probability: float = 0.8,
        jitter_strength: float = 0.2,
        blur_probability: float = 0.5,
        **kwargs,
    ) -> None:
        objectives = [SourceObjective(), ClassMixedObjective()]
        super().__init__(segmentor, objectives, alpha=alpha, **kwargs)
        mean, std = _normalisation(self.data_preprocessor)
        self.objectives[1].augmentation = StrongAugmentation(
            mean, std, jitter_probability, jitter_strength, blur_probability
        )


def _normalisation(preprocessor):
    mean = getattr(preprocessor, 'mean', None)
    if mean is None:
        raise ValueError(
            'Colour jitter needs the mean and std that images are normalised '
            'with: set mean and std in model.segmentor.data_preprocessor'
        )
    return mean.clone(), preprocessor.std.clone()
