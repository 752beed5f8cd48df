"""Draw data in the layout of the page: 4 classes, nested folders."""

from pathlib import Path

import cv2
import numpy as np

COLOURS = np.array(
    [[90, 140, 90], [90, 90, 90], [60, 60, 200], [200, 160, 90]]
)


def draw(root, name, height, width, brightness, seed, labelled=True):
    """An image of ground, road, cars and a person, and its label."""
    rng = np.random.default_rng(seed)
    label = np.ones((height, width), np.uint8)  # ground
    label[height // 2 :] = 2  # road
    for x in rng.integers(0, width - 50, 2):
        label[height // 2 - 15 : height // 2 + 15, x : x + 50] = 3  # car
    x = rng.integers(0, width - 14)
    label[height // 2 - 10 : height // 2 + 30, x : x + 14] = 4  # person
    image = COLOURS[label - 1] * brightness
    image = image + rng.normal(0, 12, image.shape)
    label[:6] = 0  # unlabelled
    for kind, array in (('images', image.clip(0, 255)), ('labels', label)):
        if kind == 'images' or labelled:
            file = root / kind / f'{name}.png'
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), array.astype(np.uint8))


for i in range(12):
    root, tape = Path('data/own'), f'tape_{i // 6}'
    draw(root / 'sim', f'{tape}/{i:04}', 160, 240, 1.0, i)
    draw(root / 'camera', f'{tape}/{i:04}', 180, 300, 0.6, 100 + i, False)
    draw(root / 'val', f'{tape}/{i:04}', 180, 300, 0.6, 200 + i)
