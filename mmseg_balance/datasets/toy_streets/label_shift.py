"""Other numbers of the same things on the same street: label shift.

Road, borders, camera, light and noise stay what they are. Of the things on
the street, those whose classes are rare in the source become so many times
as frequent, and those whose classes are frequent there so many times less.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from .settings import PERIOD
from .street import Placed, StreetBuilder
from .vehicles import LENGTHS

FREQUENT = ('car', 'vegetation', 'pole')
"""Classes of things that have more than two percent of the source's pixels
each; vegetation is that of the trees along the road."""
RARE = (
    'truck',
    'bus',
    'train',
    'person',
    'rider',
    'motorcycle',
    'bicycle',
    'traffic light',
    'traffic sign',
)
"""Classes of things that have less."""

# of things that are not named as their class is
_CLASSES = {'tree': 'vegetation', 'lamp': 'pole'}
_TWO_WHEELERS = ('bicycle', 'motorcycle')


@dataclass(frozen=True)
class LabelShift:
    """How many times as frequent things become.

    Args:
        factor: Of rare classes; that of frequent ones is its inverse. Above
            0; 1 leaves all as it is.
    """

    factor: float

    def of(self, name: str) -> float:
        """How many times as frequent the things of a class become."""
        if name in FREQUENT:
            return 1 / self.factor
        return self.factor if name in RARE else 1.0

    def required(self, classes: Collection[str], turn: int) -> set[str]:
        """Classes that an image still has to show.

        Args:
            classes: Those that it shows without the shift.
            turn: How many images before it had to show them.

        Returns:
            All but some of those that become rarer, which keep their share
            of the images, the first of them included: so every split still
            shows every class.
        """
        return {c for c in classes if _stays(min(self.of(c), 1), turn)}


def _stays(share: float, turn: int) -> bool:
    """Whether one of a row is in an even share of it; the first is."""
    return math.floor(turn * share) > math.floor((turn - 1) * share)


class Recount:
    """Takes things away from a street and adds others.

    Args:
        shift: How many times as frequent they become.
        required: Classes that are still to be shown.
        rng: Source of all draws, which the street's own does not know.
    """

    def __init__(
        self, shift: LabelShift, required: set[str], rng: np.random.Generator
    ) -> None:
        self.shift, self.required, self.rng = shift, required, rng

    def __call__(self, builder: StreetBuilder) -> None:
        """Change what stands on a street that is complete."""
        self._take_away(builder)
        self._add(builder)

    def _take_away(self, builder: StreetBuilder) -> None:
        kept, gone, taken = [], set(), {}
        for placed in builder.placed:
            # drawn for each, so that what is left at a small share is among
            # what is left at a larger one
            if not self._stays(placed, self.rng.random()):
                gone.add(id(placed.item))
                continue
            kept.append(placed)
            if placed.lane is not None:
                taken.setdefault(placed.lane, []).append(placed.span)
        items = builder.scene.items
        builder.scene.items = [i for i in items if id(i) not in gone]
        builder.placed, builder.taken = kept, taken

    def _stays(self, placed: Placed, draw: float) -> bool:
        name = _CLASSES.get(placed.kind, placed.kind)
        share = self.shift.of(name)
        if share >= 1:
            return True
        if not placed.required:
            return draw < share
        ridden = placed.kind in _TWO_WHEELERS and 'rider' in self.required
        return ridden or name in self.required

    def _add(self, builder: StreetBuilder) -> None:
        """Add what is missing to the numbers, near and far as before."""
        rates, near = {}, []
        for kind, rate in builder.street.rates.items():
            name = _CLASSES.get(kind, kind)
            rates[kind] = self._more(name) * rate
            near += self._more_near(name)
        near += self._more_near('rider')
        domain = builder.drawing.domain
        street = replace(domain.street, rates=rates)
        drawing = replace(
            builder.drawing,
            domain=replace(domain, street=street),
            rng=self.rng,
        )
        extra = StreetBuilder(drawing, builder.section, near)
        extra.scene, extra.taken = builder.scene, builder.taken
        # the longest first, for which there would be no room later on
        lengths = LENGTHS.__getitem__
        extra.add_vehicles(sorted(LENGTHS, key=lengths, reverse=True))
        extra.add_people()
        extra.add_furniture()
        builder.placed += extra.placed

    def _more(self, name: str) -> float:
        """How many are added for each that there was."""
        return max(self.shift.of(name) - 1, 0)

    def _more_near(self, name: str) -> list[str]:
        """Those that stand where an image shows what it is required to."""
        return [name] * self.rng.poisson(self._more(name) / PERIOD)
