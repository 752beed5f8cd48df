"""A measured model of three classes, the first predicted too often."""

import csv
import io

import pytest
import torch
from PIL import Image

from mmseg_balance.evaluation.confusion import confusion_matrix
from mmseg_balance.inference.passes.model_logits import fit_model_logits
from mmseg_balance.logits.statistics.reservoir import LogitReservoir

CLASSES = ('road', 'car', 'train', 'sky')
SHIFT = torch.tensor([1.5, 0.0, -1.5, 0.0])


@pytest.fixture(scope='session')
def measure():
    """Fit a model whose classes are biased by their shift."""

    def measure(name='ours', share=1.0, seed=0, present=3):
        """The last of four classes has no pixel at all."""
        generator = torch.Generator().manual_seed(seed)
        labels = torch.randint(present, (1, 40, 40), generator=generator)
        logits = torch.randn(4, 40, 40, generator=generator)
        logits += share * SHIFT[:, None, None]
        logits.scatter_add_(0, labels, torch.full((1, 40, 40), 3.0))
        samples = LogitReservoir(4, capacity=500)
        samples.add(logits, labels[0], 0)
        counts = confusion_matrix(logits.argmax(0), labels[0], 4)
        return fit_model_logits(name, CLASSES, counts, samples)

    return measure


@pytest.fixture(scope='session')
def biased(measure):
    """A model of three classes that occur and one that does not."""
    return measure()


@pytest.fixture
def rows():
    """Rows of a table as its file has them, by heading without units."""

    def read(table) -> list[dict]:
        lines = csv.DictReader(io.StringIO(table.csv().decode()))
        return [
            {key.split(' (')[0]: value for key, value in line.items()}
            for line in lines
        ]

    return read


@pytest.fixture
def size():
    """Width and height of a picture, in inches as it is printed."""

    def measure(png: bytes) -> tuple[float, float]:
        image = Image.open(io.BytesIO(png))
        return image.width / 300, image.height / 300

    return measure
