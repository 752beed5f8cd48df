"""Target images for the transforms of a source pipeline that look at one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np

from ...errors import UserValueError
from ..domains.domain import Domain
from ..loading.bad_files import draw_until_good
from ..loading.plain_image import PlainImage
from ..loading.split_pipeline import SplitPipeline
from ..styles.target_styles import TARGET_IMAGE


def target_readers(transforms: Iterable[Callable]) -> list[str]:
    """Names of the transforms that look at a target image.

    Args:
        transforms: Of a pipeline; those within others, as in
            ``RandomChoice``, count as well.
    """
    names = []
    for transform in transforms:
        if getattr(transform, 'needs_target_image', False):
            names.append(type(transform).__name__)
        inner = getattr(transform, 'transforms', ())
        if isinstance(inner, Iterable):
            names += target_readers(
                one
                for part in inner
                # each choice of RandomChoice is a list itself
                for one in (part if isinstance(part, Sequence) else [part])
            )
    return names


class TargetImages:
    """Gives source pipelines the target image of their pair.

    Args:
        sources: The parts of the source.
        target: The target; None where there is none.

    Raises:
        ValueError: A source pipeline looks at a target image and there is no
            target, or a target pipeline looks at one.
    """

    def __init__(
        self, sources: Sequence[SplitPipeline], target: Domain | None
    ) -> None:
        self.target = target
        self.readers = []
        for part in sources:
            names = target_readers(part.dataset.pipeline.transforms)
            if names and target is None:
                raise UserValueError(
                    f'{part.name}.pipeline has {names[0]}, which looks at a '
                    'target image, and there is no target: set target of '
                    f'the UDADataset, or take {names[0]} out'
                )
            if names:
                self.readers.append(part)
        for part in target.parts if target else ():
            names = target_readers(part.dataset.pipeline.transforms)
            if names:
                raise UserValueError(
                    f'target.pipeline has {names[0]}, which gives source '
                    'images the look of the target: put it into '
                    'source.pipeline'
                )

    @contextmanager
    def given(self, index: int, seed: int | None) -> Iterator[None]:
        """Have source pipelines get a target image, while this lasts.

        It is read once a sample is taken whose pipeline looks at it, and
        nothing is drawn for it.

        Args:
            index: Of the target sample of the pair.
            seed: See :meth:`Domain.take`.
        """
        given = cache(lambda: self._read(index, seed))
        for part in self.readers:
            part.given = given
        try:
            yield
        finally:
            for part in self.readers:
                part.given = dict

    def _read(self, index: int, seed: int | None) -> dict[str, np.ndarray]:
        target = self.target

        def read(index: int) -> dict[str, np.ndarray]:
            return {TARGET_IMAGE: PlainImage.of(*target.locate(index)).read()}

        if not target.skips_bad:
            return read(index)
        return draw_until_good(
            lambda: read(index),
            lambda: read(np.random.randint(len(target))),
            seed,
            target.name,
        )
