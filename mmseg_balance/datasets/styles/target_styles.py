"""Transforms that give source images the look of a target image."""

from abc import abstractmethod
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ...number_checks import check_number
from .fourier import swap_low_frequencies
from .histogram import match_histograms
from .lab import match_lab_statistics

TARGET_IMAGE = 'target_image'
# the frame before an image, where a pipeline loads it
PREV_IMAGE = 'prev_img'


class TargetStyle(BaseTransform):
    """What transforms of a source pipeline have that look at a target image.

    ``UDADataset`` sees ``needs_target_image`` and gives the pipeline the
    target image of the pair as ``results['target_image']``: BGR, uint8
    (H, W, 3), as the target's pipeline reads it, with nothing done to it.

    Subclasses have :meth:`styled`.

    Args:
        prob: Probability with which an image is changed.

    Raises:
        ValueError: ``prob`` is none. When an image comes in: there is no
            target image, or one of the two is not BGR.
    """

    needs_target_image = True

    def __init__(self, prob: float = 1.0) -> None:
        check_number(type(self).__name__, 'prob', prob, high=1)
        self.prob = prob

    @abstractmethod
    def styled(self, image: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The image with the look of the target.

        Args:
            image: BGR, (H, W, 3), 0 to 255.
            target: BGR, uint8 (H', W', 3).

        Returns:
            BGR, float32 (H, W, 3).
        """

    def transform(self, results: dict) -> dict:
        """Change the image; label and size stay.

        A frame before it that was loaded is changed likewise, by the same
        draws.

        Args:
            results: With ``img``, uint8 or float (H, W, 3), and
                ``target_image``.

        Returns:
            Them, with another ``img`` of the same type, of 0 to 255.
        """
        if self.prob < 1 and np.random.rand() >= self.prob:
            return results
        image = self._checked(results, 'img', 'img_path')
        target = self._checked(results, TARGET_IMAGE)
        drawn = np.random.get_state()
        results['img'] = self._kept_kind(image, target)
        if PREV_IMAGE in results:
            earlier = self._checked(results, PREV_IMAGE, 'prev_img_path')
            np.random.set_state(drawn)
            results[PREV_IMAGE] = self._kept_kind(earlier, target)
        return results

    def _kept_kind(self, image: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The changed image in the type of the image."""
        styled = np.clip(self.styled(image, target), 0, 255)
        if image.dtype == np.uint8:
            styled = np.rint(styled)
        return styled.astype(image.dtype)

    def _checked(
        self, results: dict, key: str, named_by: str = ''
    ) -> np.ndarray:
        """An image of the results, which is BGR."""
        name = type(self).__name__
        if key not in results:
            raise UserValueError(
                f"{name} found no results['{key}']: it belongs into the "
                'source pipeline of a UDADataset that has a target'
            )
        image: Any = results[key]
        if image.ndim != 3 or image.shape[2] != 3:
            where = results.get(named_by, f"results['{key}']")
            raise UserValueError(
                f'{name} expects BGR images, (H, W, 3), and {where} is '
                f'{image.shape}: load it with '
                "LoadImageFromFile(color_type='color')"
            )
        return image

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'


@TRANSFORMS.register_module()
class FourierStyle(TargetStyle):
    """Fourier domain adaptation: low-frequency amplitudes of a target image.

    See :func:`swap_low_frequencies`. It looks at the image as it comes: put
    it behind the labels' loading, or behind ``Resize``, and before the crop.

    Args:
        beta: Share of the shorter side up to which frequencies are swapped,
            0 to 0.5, or (lowest, highest) between which it is drawn. The
            paper trains with 0.01, 0.05 and 0.09.
        prob: Probability with which an image is changed.

    Raises:
        ValueError: ``beta`` or ``prob`` is outside its range.

    Example:
        >>> dict(type='FourierStyle', beta=0.01)
    """

    def __init__(
        self, beta: float | tuple[float, float] = 0.01, prob: float = 1.0
    ) -> None:
        super().__init__(prob)
        self.beta = check_beta(beta, 'FourierStyle.beta')

    def styled(self, image: np.ndarray, target: np.ndarray) -> np.ndarray:
        """See :class:`TargetStyle`."""
        lowest, highest = self.beta
        beta = lowest if lowest == highest else np.random.uniform(*self.beta)
        return swap_low_frequencies(image, target, beta)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(beta={self.beta}, prob={self.prob})'


@TRANSFORMS.register_module()
class LabStyle(TargetStyle):
    """Mean and deviation of a target image in LAB (Reinhard et al.).

    See :func:`match_lab_statistics`; where it stands, as ``FourierStyle``.

    Args:
        prob: Probability with which an image is changed.

    Example:
        >>> dict(type='LabStyle', prob=0.5)
    """

    def styled(self, image: np.ndarray, target: np.ndarray) -> np.ndarray:
        """See :class:`TargetStyle`."""
        return match_lab_statistics(image, target)


@TRANSFORMS.register_module()
class HistogramStyle(TargetStyle):
    """The histograms of a target image, channel by channel.

    See :func:`match_histograms`; where it stands, as ``FourierStyle``. TPS
    has it for each source image, behind ``Resize``.

    Args:
        prob: Probability with which an image is changed.

    Example:
        >>> dict(type='HistogramStyle')
    """

    def styled(self, image: np.ndarray, target: np.ndarray) -> np.ndarray:
        """See :class:`TargetStyle`."""
        return match_histograms(image, target)


def check_beta(
    beta: float | tuple[float, float], key: str
) -> tuple[float, float]:
    """The range of a beta.

    Args:
        beta: A number, or (lowest, highest).
        key: Its key, for the message.

    Returns:
        (lowest, highest).

    Raises:
        ValueError: It is no such range within 0 and 0.5.
    """
    bounds = (beta, beta) if isinstance(beta, int | float) else tuple(beta)
    if (
        len(bounds) != 2
        or not all(isinstance(b, int | float) for b in bounds)
        or not 0 <= bounds[0] <= bounds[1] <= 0.5
    ):
        raise UserValueError(
            f'{key} is {beta!r}, expected a number of 0 to 0.5, or two '
            '(lowest, highest)'
        )
    return bounds
