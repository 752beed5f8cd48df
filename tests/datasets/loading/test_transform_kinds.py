"""Transforms are known by their class, or else by their name."""

import pytest
from mmcv.transforms import BaseTransform, LoadAnnotations, Resize
from mmseg.datasets.transforms import LoadImageFromNDArray, RandomCrop
from mmseg.registry import TRANSFORMS

from mmseg_balance.datasets.loading import transform_kinds as kinds


class MaskReader(LoadAnnotations):
    """Labels, by its class alone."""


@TRANSFORMS.register_module()
class Window(RandomCrop):
    """A crop, by its class alone."""


class LoadTiffImage(BaseTransform):
    """Images, by its name alone."""

    def transform(self, results):
        return results


class CropAround(LoadTiffImage):
    """A crop, by its name alone."""


NONE, LOADER, IMAGE, LABEL, CROP, FLIP, RESIZE = (
    set(),
    {'is_loader'},
    {'is_loader', 'is_image_loader'},
    {'is_loader', 'is_label_loader'},
    {'is_crop'},
    {'is_flip'},
    {'is_resize'},
)


@pytest.mark.parametrize(
    'transform, expected',
    [
        (MaskReader(), LABEL),
        (Window((4, 4)), CROP),
        (LoadTiffImage(), IMAGE),
        (CropAround(), CROP),
        (Resize((4, 4)), RESIZE),
        (dict(type='RandomResizedCrop', scale=4), CROP | RESIZE),
        (dict(type='LoadClassLabel'), LABEL),
        (LoadImageFromNDArray(), IMAGE),
        (dict(type='LoadAnnotations'), LABEL),
        (dict(type=MaskReader), LABEL),
        (dict(type='Window', crop_size=4), CROP),
        (dict(type='mmseg.CenterCrop'), CROP),
        (dict(type='LoadBiomedicalData'), LOADER),
        (dict(type='LoadDepthAnnotation'), LABEL),
        (dict(type='LoadMultispectralImage'), IMAGE),  # nobody's
        (dict(type='PackSegInputs'), NONE),
        (dict(type='mmseg.RandomFlip', prob=1), FLIP),
        (dict(type='RandomRotFlip'), FLIP),
        ({}, NONE),
        ('LoadAnnotations', LABEL),  # as 0.1.0 was asked
    ],
)
def test_what_a_transform_is_for(transform, expected):
    names = [name for name in vars(kinds) if name.startswith('is_')]
    found = {name for name in names if getattr(kinds, name)(transform)}
    assert found == expected
