"""Images and lists of data sets with a label an image."""

import pytest
from mmseg.registry import DATASETS
from PIL import Image

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadClassLabel'),
    dict(type='PackUDAInputs'),
]


@pytest.fixture(scope='session')
def write_images():
    """Writes plain images into a folder."""

    def write(folder, names, size=(8, 6)):
        for i, name in enumerate(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new('RGB', size, (i * 10, 0, 0)).save(path)

    return write


@pytest.fixture(scope='session')
def build():
    """Builds a data set of a folder."""

    def build(kind, folder, **kwargs):
        config = dict(type=kind, data_root=str(folder), pipeline=PIPELINE)
        return DATASETS.build(config | kwargs)

    return build
