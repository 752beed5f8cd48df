"""What the twelve toy objects look like, as polygons."""

from .primitives import Part
from .things import aeroplane, horse, knife, person, plant, skateboard
from .vehicles import bicycle, bus, car, motorcycle, train, truck

SHAPES = dict(
    aeroplane=aeroplane,
    bicycle=bicycle,
    bus=bus,
    car=car,
    horse=horse,
    knife=knife,
    motorcycle=motorcycle,
    person=person,
    plant=plant,
    skateboard=skateboard,
    train=train,
    truck=truck,
)
"""Draws the parts of an object of each class, in the order of VisDA-2017."""

__all__ = ['SHAPES', 'Part']
