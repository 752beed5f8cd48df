"""Translators that need no training: the styles of training pipelines."""

from typing import Any

import numpy as np

from ...datasets.styles.target_styles import (
    TARGET_IMAGE,
    FourierStyle,
    LabStyle,
    TargetStyle,
)


class StyleTranslator:
    """A transform of a source pipeline, applied to every image.

    Args:
        style: The transform.
        settings: What it was made by, for the record.
    """

    needs_target_image = True
    runs_in_processes = True

    def __init__(self, style: TargetStyle, **settings: Any) -> None:
        self.style = style
        self._settings = settings

    def __call__(
        self, image: np.ndarray, target: np.ndarray | None
    ) -> np.ndarray:
        """See :class:`Translator`."""
        results = {'img': image, TARGET_IMAGE: target}
        return self.style.transform(results)['img']

    def settings(self) -> dict[str, Any]:
        """See :class:`Translator`."""
        return dict(self._settings)


def fourier_translator(
    beta: float | tuple[float, float] = 0.01,
) -> StyleTranslator:
    """Fourier domain adaptation.

    Args:
        beta: See ``FourierStyle``.
    """
    style = FourierStyle(beta)
    return StyleTranslator(style, type='fourier', beta=list(style.beta))


def lab_translator() -> StyleTranslator:
    """Mean and deviation in LAB, see ``LabStyle``."""
    return StyleTranslator(LabStyle(), type='lab')
