"""docs/own_data.md, followed to the letter in a folder with its data."""

from pathlib import Path

import numpy as np
from helpers import doc_pages as pages
from PIL import Image

PAGE = pages.ROOT / 'docs' / 'own_data.md'
LINES = [command.words[1:] for command in pages.commands(PAGE)]
# what a test adds, so that a training of the page takes seconds
SHORT = (
    'train_cfg.max_iters=2',
    'train_cfg.val_interval=2',
    'param_scheduler=None',
    'train_dataloader.num_workers=0',
)
FEW = ('val_dataloader.num_workers=0', 'val_dataloader.dataset.indices=2')


def shortened(words: tuple[str, ...]) -> list[str]:
    """The command with tiny settings."""
    words = [word.replace('iter_300', 'iter_2') for word in words]
    if words[0] != 'train':
        return words
    # runs of one process share a visualizer, and its file, by its name
    short = (*SHORT, f'visualizer.name={"_".join(words)}')
    if '--cfg-options' not in words:
        return [*words, '--cfg-options', *short, *FEW]
    return [*words, *short]


def values(folder: Path) -> dict[str, set[int]]:
    """Values of the label files below a folder, by path."""
    return {
        file.relative_to(folder).as_posix(): {*np.unique(Image.open(file))}
        for file in folder.rglob('*.png')
    }


def test_the_page(own_data, run_line, monkeypatch):
    """Every command of the page does what the page says of it."""
    monkeypatch.chdir(own_data)
    named = [words[0] for words in LINES]
    assert named == [
        *('data', 'browse', 'train', 'test', 'predict'),
        *('train', 'data', 'train'),
    ]
    for words in LINES:
        run_line(*shortened(words))
    runs = own_data / 'work_dirs'
    assert len(list((runs / 'own_data/browse').glob('*.png'))) == 4

    # labels in the numbers of the files, under the paths of the images
    measured = values(runs / 'own_data/labels')
    predicted = values(own_data / 'predictions/labels')
    assert set(predicted) == {f'tape_{i // 6}/{i:04}.png' for i in range(12)}
    assert len(measured) == 12
    for found in (measured, predicted):
        assert set().union(*found.values()) <= {1, 2, 3, 4}
    first = own_data / 'predictions/labels/tape_0/0000.png'
    assert Image.open(first).size == (300, 180)

    # no scores without labels, and a checkpoint all the same
    logs = {
        name: ''.join(f.read_text() for f in (runs / name).glob('*/*.log'))
        for name in ('own_data', 'no_labels', 'own_rcs')
    }
    assert all((runs / name / 'iter_2.pth').is_file() for name in logs)
    assert {name for name, text in logs.items() if 'mIoU: ' in text} == {
        'own_data',
        'own_rcs',
    }
    for name in ('ground', 'road', 'car', 'person'):
        assert f'IoU.{name}: ' in logs['own_data']
