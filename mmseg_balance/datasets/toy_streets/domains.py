"""What tells the two domains of toy streets apart."""

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
        terrain: Probability of a strip of grass on a side.
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
    which an object draws one.
    """

    name: str
    street: Street
    look: Look
    palette: Mapping[str, Colours]


# what both domains share: things whose colours are fixed by rules or nature
_COMMON = dict(
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

SOURCE = Domain(
    name='source',
    street=Street(
        horizon=(0.42, 0.50),
        half_road=(4.6, 6.6),
        sidewalk=(2.6, 4.4),
        terrain=0.45,
        building_height=(6, 22),
        border=dict(building=5.0, wall=0.9, fence=0.7, hedge=0.9, gap=2.0),
        rates={
            'car': 3.0, 'truck': 0.20, 'bus': 0.08, 'train': 0.0,
            'person': 1.6, 'motorcycle': 0.0, 'bicycle': 0.0, 'tree': 3.0,
            'lamp': 5.0, 'traffic light': 0.35, 'traffic sign': 0.5,
        },
    ),
    look=Look(
        sun=(0.30, 0.45),
        sky=(((0.27, 0.50, 0.84),), ((0.72, 0.84, 0.95),)),
        clouds=(0.0, 0.5),
        visibility=(250, 500),
        exposure=(0.95, 1.15),
        tint=(1.06, 1.0, 0.92),
        saturation=1.15,
        gamma=(0.95, 1.05),
        vignette=0.0,
        blur=(0.0, 0.3),
        noise=(0.004, 0.010),
        grain=0.05,
        grain_size=6.0,
    ),
    palette=dict(
        _COMMON,
        road=((0.40, 0.40, 0.43), (0.45, 0.44, 0.45), (0.36, 0.37, 0.41)),
        marking=((0.93, 0.92, 0.86),),
        sidewalk=((0.70, 0.67, 0.63), (0.64, 0.61, 0.60)),
        kerb=((0.80, 0.78, 0.74),),
        terrain=((0.47, 0.56, 0.22), (0.60, 0.55, 0.33)),
        building=(
            (0.80, 0.68, 0.52), (0.72, 0.42, 0.32), (0.86, 0.82, 0.74),
            (0.58, 0.62, 0.68), (0.84, 0.74, 0.48), (0.50, 0.36, 0.30),
        ),
        window=((0.22, 0.32, 0.44), (0.35, 0.48, 0.60)),
        door=((0.32, 0.20, 0.14), (0.18, 0.28, 0.34)),
        wall=((0.72, 0.58, 0.46), (0.66, 0.64, 0.60)),
        fence=((0.30, 0.33, 0.30), (0.78, 0.76, 0.72)),
        pole=((0.45, 0.46, 0.48), (0.28, 0.30, 0.30)),
        light_box=((0.80, 0.65, 0.10), (0.16, 0.16, 0.16)),
        sign=((0.80, 0.10, 0.10), (0.08, 0.42, 0.20), (0.95, 0.78, 0.10)),
        sign_face=((0.95, 0.95, 0.93),),
        leaf=((0.22, 0.45, 0.14), (0.30, 0.52, 0.18), (0.18, 0.38, 0.16)),
        trunk=((0.36, 0.26, 0.17),),
        car=(
            (0.75, 0.10, 0.10), (0.12, 0.28, 0.66), (0.92, 0.92, 0.92),
            (0.90, 0.72, 0.12), (0.10, 0.10, 0.12), (0.18, 0.52, 0.34),
        ),
        truck=((0.88, 0.86, 0.80), (0.20, 0.42, 0.66), (0.72, 0.48, 0.16)),
        bus=((0.86, 0.88, 0.90), (0.16, 0.40, 0.62)),
        train=((0.70, 0.72, 0.75), (0.62, 0.20, 0.18)),
        motorcycle=((0.70, 0.12, 0.10), (0.10, 0.12, 0.16)),
        bicycle=((0.15, 0.35, 0.65), (0.20, 0.20, 0.22)),
        shirt=(
            (0.85, 0.25, 0.20), (0.95, 0.92, 0.88), (0.20, 0.42, 0.75),
            (0.92, 0.78, 0.30), (0.40, 0.25, 0.50),
        ),
        trousers=((0.20, 0.26, 0.42), (0.62, 0.54, 0.40), (0.15, 0.15, 0.17)),
        helmet=((0.85, 0.20, 0.15), (0.92, 0.92, 0.90)),
    ),
)  # fmt: skip

TARGET = Domain(
    name='target',
    street=Street(
        horizon=(0.40, 0.47),
        half_road=(3.8, 5.6),
        sidewalk=(1.8, 3.2),
        terrain=0.30,
        building_height=(10, 24),
        border=dict(building=6.0, wall=0.5, fence=0.8, hedge=2.6, gap=0.3),
        rates={
            'car': 6.0, 'truck': 0.05, 'bus': 0.05, 'train': 0.02,
            'person': 4.0, 'motorcycle': 0.03, 'bicycle': 0.7, 'tree': 7.0,
            'lamp': 4.0, 'traffic light': 0.7, 'traffic sign': 1.6,
        },
    ),
    look=Look(
        sun=(0.04, 0.14),
        sky=(((0.74, 0.77, 0.80),), ((0.88, 0.89, 0.88),)),
        clouds=(0.6, 1.0),
        visibility=(90, 180),
        exposure=(0.90, 1.15),
        tint=(0.95, 1.02, 0.98),
        saturation=0.62,
        gamma=(1.0, 1.15),
        vignette=0.30,
        blur=(0.6, 1.0),
        noise=(0.018, 0.032),
        grain=0.08,
        grain_size=2.5,
    ),
    palette=dict(
        _COMMON,
        road=((0.34, 0.33, 0.34), (0.40, 0.38, 0.37), (0.30, 0.30, 0.32)),
        marking=((0.74, 0.74, 0.73),),
        sidewalk=((0.50, 0.47, 0.47), (0.56, 0.50, 0.47)),
        kerb=((0.58, 0.57, 0.56),),
        terrain=((0.38, 0.45, 0.24), (0.44, 0.40, 0.28)),
        building=(
            (0.62, 0.58, 0.52), (0.52, 0.45, 0.42), (0.68, 0.67, 0.64),
            (0.46, 0.46, 0.48), (0.64, 0.56, 0.44), (0.56, 0.40, 0.36),
        ),
        window=((0.24, 0.27, 0.30), (0.38, 0.41, 0.43)),
        door=((0.24, 0.20, 0.18), (0.20, 0.24, 0.24)),
        wall=((0.50, 0.48, 0.45), (0.46, 0.40, 0.38)),
        fence=((0.36, 0.38, 0.38), (0.44, 0.36, 0.28)),
        pole=((0.48, 0.50, 0.51), (0.36, 0.38, 0.38)),
        light_box=((0.12, 0.13, 0.13), (0.20, 0.21, 0.20)),
        sign=((0.70, 0.12, 0.14), (0.12, 0.28, 0.62), (0.86, 0.74, 0.16)),
        sign_face=((0.86, 0.86, 0.85), (0.14, 0.30, 0.62)),
        leaf=((0.26, 0.34, 0.18), (0.32, 0.38, 0.20), (0.22, 0.30, 0.18)),
        trunk=((0.28, 0.25, 0.22),),
        car=(
            (0.12, 0.13, 0.15), (0.62, 0.64, 0.66), (0.78, 0.79, 0.80),
            (0.20, 0.26, 0.38), (0.42, 0.14, 0.14), (0.36, 0.38, 0.40),
        ),
        truck=((0.74, 0.74, 0.72), (0.50, 0.30, 0.18), (0.30, 0.38, 0.34)),
        bus=((0.80, 0.66, 0.20), (0.68, 0.24, 0.20)),
        train=((0.78, 0.70, 0.30), (0.62, 0.64, 0.66)),
        motorcycle=((0.14, 0.15, 0.17), (0.38, 0.16, 0.14)),
        bicycle=((0.20, 0.21, 0.22), (0.42, 0.44, 0.45)),
        shirt=(
            (0.16, 0.17, 0.20), (0.36, 0.36, 0.38), (0.50, 0.20, 0.20),
            (0.24, 0.30, 0.42), (0.70, 0.68, 0.64),
        ),
        trousers=((0.17, 0.20, 0.28), (0.26, 0.25, 0.25), (0.12, 0.12, 0.13)),
        helmet=((0.20, 0.21, 0.24), (0.74, 0.74, 0.73)),
    ),
)  # fmt: skip

DOMAINS = {domain.name: domain for domain in (SOURCE, TARGET)}
