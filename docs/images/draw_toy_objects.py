"""Draw toy_objects.png, in a checkout: the classes of both domains.

    python docs/images/draw_toy_objects.py

Columns are the classes in the order of VisDA-2017, the upper rows
renderings, the lower ones what stands in for photographs.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from mmseg_balance.datasets.toy_objects import (
    CLASSES,
    DOMAINS,
    ToyObjects,
    draw_object,
)

ROWS, COLOURS = 3, 96
settings = ToyObjects()
rows = [
    np.concatenate(
        [draw_object(domain, name, i, settings) for name in CLASSES], axis=1
    )
    for domain in DOMAINS
    for i in range(ROWS)
]
picture = Image.fromarray(np.concatenate(rows))
picture = picture.quantize(COLOURS, dither=Image.Dither.NONE)
picture.save(Path(__file__).with_name('toy_objects.png'), optimize=True)
