"""What the domains of toy streets are told apart by."""

from collections.abc import Mapping
from dataclasses import dataclass

Range = tuple[float, float]
Colours = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Look:
    """Light, air and camera.

    Args:
        sun: Share of directional light; also how dark shadows are.
        sky: RGB at the top and at the horizon.
        clouds: 0 for a clear sky, 1 for a covered one.
        visibility: Metres after which haze hides 63 % of a colour.
        exposure: Factor on all colours.
        tint: Factor on R, G and B.
        saturation: 1 keeps colours, 0 makes them grey.
        gamma: Exponent on the final values.
        vignette: Loss of light in the corners.
        blur: Standard deviation of the lens blur, pixels at 256 rows.
        noise: Standard deviation of the sensor noise, of a range 0 .. 1.
        grain: Strength of surface textures.
        grain_size: Size of their spots, pixels at 256 rows.
    """

    sun: Range
    sky: tuple[Colours, Colours]
    clouds: Range
    visibility: Range
    exposure: Range
    tint: tuple[float, float, float]
    saturation: float
    gamma: Range
    vignette: float
    blur: Range
    noise: Range
    grain: float
    grain_size: float


@dataclass(frozen=True)
class Street:
    """Geometry and how often things occur.

    Args:
        horizon: Row of the horizon as a share of the height.
        half_road: Half of the road's width, metres.
        sidewalk: Width of the sidewalks, metres.
        terrain: Probability of a strip of grass on a side; 0: there is no
            grass anywhere.
        building_height: Metres.
        border: Relative length of what borders the street.
        rates: Expected number of each object beside those that an image is
            required to show.
    """

    horizon: Range
    half_road: Range
    sidewalk: Range
    terrain: float
    building_height: Range
    border: Mapping[str, float]
    rates: Mapping[str, float]


@dataclass(frozen=True)
class Domain:
    """A domain: its name, street, look and palette.

    ``palette`` gives the base colours of each material, RGB in 0 .. 1, of
    which an object draws one; ``absent`` names classes that it never shows.
    """

    name: str
    street: Street
    look: Look
    palette: Mapping[str, Colours]
    absent: frozenset[str] = frozenset()


# what all domains share: things whose colours are fixed by rules or nature
COMMON = dict(
    tyre=((0.06, 0.06, 0.07),),
    glass=((0.10, 0.13, 0.17), (0.16, 0.20, 0.24)),
    tail_light=((0.75, 0.08, 0.06),),
    head_light=((0.95, 0.93, 0.80),),
    skin=((0.80, 0.60, 0.48), (0.55, 0.38, 0.27), (0.36, 0.24, 0.17)),
    hair=((0.12, 0.09, 0.07), (0.35, 0.24, 0.12), (0.55, 0.50, 0.45)),
    lamp_red=((0.95, 0.12, 0.08),),
    lamp_yellow=((0.95, 0.72, 0.10),),
    lamp_green=((0.10, 0.85, 0.40),),
    lamp_off=((0.12, 0.12, 0.10),),
)
