"""A clip of a textured scene that is panned, with labels of columns."""

from pathlib import Path

import cv2
import numpy as np

SIZE, STEP = (64, 96), 3


def scene(width=160, height=64):
    noise = np.random.default_rng(0).integers(
        0, 255, (height // 4, width // 4, 3), np.uint8
    )
    return np.kron(noise, np.ones((4, 4, 1), np.uint8))


def write_clip(root: Path) -> Path:
    """Frames 10 to 13 of 'pan', each STEP pixels further to the right."""
    whole = scene()
    labels = np.broadcast_to(np.arange(160) // 8 % 3, (64, 160))
    for i in range(4):
        window = slice(STEP * i, STEP * i + SIZE[1])
        for folder, content in (('img', whole), ('label', labels)):
            path = root / folder / f'pan_{10 + i:04d}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), content[:, window].astype(np.uint8))
    return root


def clip_set(root: Path) -> dict:
    """Its data set, with pairs of frames."""
    return dict(
        type='FrameFolderDataset',
        data_root=str(root),
        img_suffix='.png',
        previous=1,
        data_prefix=dict(img_path='img', seg_map_path='label'),
        metainfo=dict(classes=('a', 'b', 'c')),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='LoadPreviousFrame', with_labels=True),
            dict(type='LoadOpticalFlow'),
            dict(type='PackFrameInputs'),
        ],
    )
