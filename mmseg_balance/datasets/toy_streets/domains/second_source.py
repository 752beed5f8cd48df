"""A second simulator of toy streets, as SYNTHIA is one beside GTA."""

from .appearance import COMMON, Domain, Look, Street

# another street, cooler and paler, of even surfaces, with more people; as
# SYNTHIA it lacks three of Cityscapes' classes
SECOND = Domain(
    name='second',
    absent=frozenset({'terrain', 'truck', 'train'}),
    street=Street(
        horizon=(0.36, 0.46),
        half_road=(5.2, 7.4),
        sidewalk=(2.2, 5.0),
        terrain=0.0,
        building_height=(12, 30),
        border=dict(building=6.0, wall=0.5, fence=1.3, hedge=1.4, gap=1.2),
        rates={
            'car': 4.0, 'truck': 0.0, 'bus': 0.25, 'train': 0.0,
            'person': 6.0, 'motorcycle': 0.15, 'bicycle': 0.3, 'tree': 4.0,
            'lamp': 6.0, 'traffic light': 0.3, 'traffic sign': 0.9,
        },
    ),
    look=Look(
        sun=(0.15, 0.30),
        sky=(((0.52, 0.66, 0.88),), ((0.80, 0.82, 0.90),)),
        clouds=(0.2, 0.8),
        visibility=(140, 320),
        exposure=(0.85, 1.05),
        tint=(0.94, 0.98, 1.10),
        saturation=0.85,
        gamma=(0.80, 0.95),
        vignette=0.10,
        blur=(0.2, 0.5),
        noise=(0.002, 0.006),
        grain=0.02,
        grain_size=12.0,
    ),
    palette=dict(
        COMMON,
        road=((0.30, 0.31, 0.36), (0.26, 0.27, 0.32), (0.34, 0.34, 0.38)),
        marking=((0.88, 0.88, 0.94),),
        sidewalk=((0.56, 0.56, 0.62), (0.60, 0.58, 0.60)),
        kerb=((0.70, 0.70, 0.76),),
        terrain=((0.40, 0.50, 0.30),),
        building=(
            (0.66, 0.64, 0.70), (0.78, 0.74, 0.72), (0.56, 0.46, 0.48),
            (0.70, 0.58, 0.50), (0.50, 0.54, 0.64), (0.82, 0.82, 0.86),
        ),
        window=((0.30, 0.38, 0.52), (0.46, 0.56, 0.70)),
        door=((0.28, 0.26, 0.32), (0.40, 0.28, 0.24)),
        wall=((0.60, 0.58, 0.60), (0.68, 0.62, 0.58)),
        fence=((0.26, 0.30, 0.36), (0.58, 0.58, 0.62)),
        pole=((0.54, 0.55, 0.60), (0.32, 0.34, 0.40)),
        light_box=((0.14, 0.15, 0.18), (0.62, 0.52, 0.14)),
        sign=((0.78, 0.14, 0.18), (0.14, 0.30, 0.70), (0.92, 0.80, 0.20)),
        sign_face=((0.92, 0.92, 0.96),),
        leaf=((0.24, 0.42, 0.26), (0.30, 0.46, 0.24), (0.20, 0.36, 0.24)),
        trunk=((0.34, 0.28, 0.26),),
        car=(
            (0.60, 0.14, 0.18), (0.18, 0.30, 0.56), (0.84, 0.84, 0.88),
            (0.40, 0.42, 0.46), (0.14, 0.14, 0.18), (0.56, 0.60, 0.44),
        ),
        truck=((0.80, 0.80, 0.84), (0.34, 0.44, 0.60)),
        bus=((0.74, 0.24, 0.22), (0.90, 0.84, 0.40)),
        train=((0.66, 0.68, 0.74),),
        motorcycle=((0.50, 0.12, 0.14), (0.14, 0.15, 0.20)),
        bicycle=((0.22, 0.30, 0.46), (0.30, 0.30, 0.34)),
        shirt=(
            (0.70, 0.30, 0.30), (0.84, 0.84, 0.88), (0.28, 0.40, 0.62),
            (0.76, 0.70, 0.44), (0.24, 0.24, 0.28),
        ),
        trousers=((0.22, 0.26, 0.38), (0.48, 0.44, 0.40), (0.14, 0.14, 0.18)),
        helmet=((0.74, 0.20, 0.20), (0.86, 0.86, 0.90)),
    ),
)  # fmt: skip
