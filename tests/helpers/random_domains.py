"""Data sets of small random images."""

import cv2
import numpy as np
import torch

CLASSES = ('road', 'car', 'sky')
LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
AUGMENT = [
    dict(type='RandomCrop', crop_size=(16, 24)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]


def make_domain(root, count, size=(32, 48), labels=True, classes=CLASSES):
    """Write random images; the config of a data set of them."""
    rng = np.random.default_rng(count)
    prefix = dict(img_path='images')
    (root / 'images').mkdir(parents=True)
    if labels:
        (root / 'labels').mkdir()
        prefix['seg_map_path'] = 'labels'
    for i in range(count):
        image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        cv2.imwrite(str(root / f'images/{i:03}.png'), image)
        if labels:
            label = rng.choice([0, 1, 2, 255], size).astype(np.uint8)
            cv2.imwrite(str(root / f'labels/{i:03}.png'), label)
    return dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=prefix,
        img_suffix='.png',
        metainfo=dict(classes=classes),
        # serialising collects garbage for half a second
        serialize_data=False,
        pipeline=(LOAD if labels else LOAD[:1]) + AUGMENT,
    )


def stem(packed):
    return packed['data_samples'].img_path.rsplit('/', 1)[-1][:-4]


def assert_same(a, b):
    """Compare two pairs, or batches of pairs, tensor by tensor."""
    for domain in ('source', 'target'):
        torch.testing.assert_close(
            a[domain]['inputs'], b[domain]['inputs'], rtol=0, atol=0
        )
        samples = [x[domain]['data_samples'] for x in (a, b)]
        samples = [s if isinstance(s, list) else [s] for s in samples]
        for x, y in zip(*samples, strict=True):
            assert x.img_path == y.img_path
            if domain == 'source':
                assert torch.equal(x.gt_sem_seg.data, y.gt_sem_seg.data)
