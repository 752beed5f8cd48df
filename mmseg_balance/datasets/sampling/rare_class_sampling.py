"""Rare class sampling (DAFormer, Hoyer et al., CVPR 2022, Eq. 6 and 7)."""

import logging
import math
from typing import Any, NamedTuple
from warnings import warn

import numpy as np
from mmengine.logging import print_log
from scipy.special import softmax

from ...errors import UserTypeError, UserValueError
from ...number_checks import is_number
from ..domains.domain import Domain
from ..loading.class_label import labels_images


def rcs_class_probs(
    counts: np.ndarray, temperature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sampling probability of each class, higher for rarer classes.

    P(c) = softmax_c((1 - f_c) / T) with f_c the share of class c among the
    labelled pixels. Matches ``get_rcs_class_probs`` of
    github.com/lhoyer/DAFormer.

    Args:
        counts: Pixels of each class in each file, (F, C).
        temperature: T > 0; the smaller, the more the rarest classes prevail.

    Returns:
        The classes that have pixels, by ascending number of pixels, and
        their probabilities; both (C',) with C' <= C.

    Raises:
        ValueError: No class has a pixel.
    """
    totals = np.asarray(counts, dtype=np.int64).sum(axis=0)
    classes = np.argsort(totals, kind='stable')
    classes = classes[totals[classes] > 0]
    if len(classes) == 0:
        raise UserValueError(
            'rare_class_sampling: the class statistics have no pixel of any '
            'class'
        )
    frequency = totals[classes] / totals.sum()
    return classes, softmax((1 - frequency) / temperature)


class Wanted(NamedTuple):
    """A sample, and what is to be in its crop.

    Attributes:
        index: Index of the sample.
        class_id: Class that was drawn.
        min_pixels: What the pixels of the class in the crop are to exceed.
        max_more: Further crops that may be taken for it.
    """

    index: int
    class_id: int
    min_pixels: float
    max_more: int


class RareClassSampling:
    """Draws source samples by class, and crops until the class is in it.

    A class is drawn by :func:`rcs_class_probs`, then a file among those with
    more than ``min_pixels`` pixels of it. The image is decoded once; while
    the class has no more than ``min_pixels * min_crop_ratio`` pixels in the
    crop, another crop of that image is taken, ``max_crops`` times at most.
    Random numbers come from NumPy's global generator.

    Args:
        class_temp: Temperature T of the class probabilities; None draws all
            classes equally often.
        min_pixels: A file counts for a class above this number of pixels.
            Where labels are one an image, each image counts for its class.
        min_crop_ratio: Share of ``min_pixels`` that a crop has to exceed;
            0 takes every first crop. HRDA uses 2.0.
        max_crops: Further crops of one image; the last is kept in any case.
        stats_dir: Folder of the class statistics; by default the
            ``data_root`` of the source data set.
        split_before: Name of the transform in ``source.pipeline`` that crops,
            from which on it is run again for another crop. None: the first
            that is a crop of mmcv or mmseg, or has "Crop" in its name.

    Attributes:
        classes (np.ndarray): Classes that can be drawn, rarest first, once
            :meth:`prepare` has run.
        probs (np.ndarray): Their probabilities.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        class_temp: float | None = 0.01,
        min_pixels: int = 3000,
        min_crop_ratio: float = 0.5,
        max_crops: int = 10,
        stats_dir: str | None = None,
        split_before: str | None = None,
    ) -> None:
        if class_temp is not None and (
            not is_number(class_temp) or class_temp <= 0
        ):
            raise UserValueError(
                'rare_class_sampling.class_temp: expected a number > 0 or '
                f'None, found {class_temp!r}'
            )
        for key, value in (
            ('min_pixels', min_pixels),
            ('min_crop_ratio', min_crop_ratio),
            ('max_crops', max_crops),
        ):
            if not is_number(value) or value < 0:
                raise UserValueError(
                    f'rare_class_sampling.{key}: expected a number >= 0, '
                    f'found {value!r}'
                )
        if not (split_before is None or isinstance(split_before, str)):
            raise UserValueError(
                'rare_class_sampling.split_before: expected the name of a '
                f'transform or None, found {split_before!r}'
            )
        self.class_temp = class_temp
        self.min_pixels = min_pixels
        self.min_crop_ratio = min_crop_ratio
        self.max_crops = max_crops
        self.stats_dir = stats_dir
        self.split_before = split_before

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if 'draw' in vars(cls):
            raise UserTypeError(
                f'{cls.__name__}.draw, of 0.1.0, is never called: override '
                'choose, which says what is drawn and leaves the reading to '
                'the domain'
            )

    def prepare(self, domain: Domain, class_names: tuple[str, ...]) -> None:
        """Read the statistics of the data sets to draw from.

        Args:
            domain: The source.
            class_names: Names of its C classes.

        Raises:
            FileNotFoundError: There are no statistics; names the command
                that makes them.
            ValueError: They are those of another data set or of other
                labels, or a class has pixels but no file with more than
                ``min_pixels`` of them.
        """
        counts = domain.class_pixels('rare_class_sampling', self.stats_dir)
        if all(labels_images(part.dataset) for part in domain.parts):
            self.min_pixels = 0  # an image has one label, in any crop
        temperature = math.inf if self.class_temp is None else self.class_temp
        self.classes, self.probs = rcs_class_probs(counts, temperature)
        above = counts > self.min_pixels
        self._check_files(counts, above, class_names)
        self._warn_without_crop(domain)
        self._files = {
            int(c): np.flatnonzero(above[:, c]) for c in self.classes
        }

    def choose(self) -> Wanted:
        """Draw a class, and a file with it.

        Returns:
            The sample, and what its crop is to show.
        """
        c = int(np.random.choice(self.classes, p=self.probs))
        files = self._files[c]
        index = int(files[np.random.randint(len(files))])
        wanted = self.min_pixels * self.min_crop_ratio
        return Wanted(index, c, wanted, self.max_crops)

    def draw(self, domain: Domain) -> Any:
        """Read and crop what :meth:`choose` draws, as 0.1.0 did."""
        warn(
            'RareClassSampling.draw(domain) is domain.crop(*choose()) now',
            DeprecationWarning,
            stacklevel=2,
        )
        return domain.crop(*self.choose())

    def _check_files(
        self,
        counts: np.ndarray,
        above: np.ndarray,
        class_names: tuple[str, ...],
    ) -> None:
        lost = [c for c in self.classes if not above[:, c].any()]
        if lost:
            found = ', '.join(
                f'{class_names[c]!r} (class {c}: at most '
                f'{counts[:, c].max()} pixels in a file)'
                for c in lost
            )
            raise UserValueError(
                'rare_class_sampling.min_pixels is '
                f'{self.min_pixels}, and no file has more pixels of {found}; '
                'set min_pixels below these numbers'
            )

    def _warn_without_crop(self, domain: Domain) -> None:
        """Say so where other crops are wanted, and perhaps never taken."""
        if not (self.min_pixels * self.min_crop_ratio > 0 and self.max_crops):
            return
        for part in domain.parts:
            names = part.possible_crops
            if names:
                print_log(
                    f'rare_class_sampling: no transform of {part.name}'
                    '.pipeline is known to crop, so that min_crop_ratio='
                    f'{self.min_crop_ratio} does nothing, and each image is '
                    f'taken as it comes. If one of {", ".join(names)} crops, '
                    'name it, as in rare_class_sampling.split_before='
                    f'{names[0]!r}; if none does, set min_crop_ratio=0',
                    'current',
                    logging.WARNING,
                )
