import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.random_domains import LOAD, make_domain, stem

from mmseg_balance.datasets import UDADataset
from mmseg_balance.runs.records.provenance import describe_data


@pytest.fixture
def source(tmp_path):
    """Three images, one of them in a sub-folder, and their translations."""
    config = make_domain(tmp_path / 'source', 3)
    config['pipeline'] = [*LOAD, dict(type='PackSegInputs')]
    for kind in ('images', 'labels'):
        folder = tmp_path / 'source' / kind
        (folder / 'town').mkdir()
        (folder / '002.png').rename(folder / 'town/002.png')
    root = tmp_path / 'translated'
    write(root / '000.png', 10)
    write(root / '001.JPG', 11)  # of a translator with a suffix of its own
    write(root / 'town/002.png', 12)
    write(root / 'more.png', 0)
    return dict(config, translated_root=str(root))


def write(path, value, size=(32, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), value, dtype=np.uint8))


def test_images_are_translated_and_labels_are_not(source):
    dataset = UDADataset(source)
    root = Path(source['data_root'])
    original = UDADataset(
        {k: v for k, v in source.items() if k != 'translated_root'}
    )
    assert len(dataset) == 3
    for i in range(3):
        sample, before = (d[i]['source'] for d in (dataset, original))
        assert (sample['inputs'] == 10 + i).all()
        label = sample['data_samples'].seg_map_path
        assert label == before['data_samples'].seg_map_path
        assert Path(label).is_relative_to(root / 'labels')
        assert (
            sample['data_samples'].gt_sem_seg.data
            == before['data_samples'].gt_sem_seg.data
        ).all()
    # a run that goes on with other images is told so
    assert describe_data(dataset) != describe_data(original)


def test_it_goes_to_spawned_workers(source):
    dataset = pickle.loads(pickle.dumps(UDADataset(source)))
    assert (dataset[1]['source']['inputs'] == 11).all()


def test_one_of_several_sources(source, tmp_path):
    other = make_domain(tmp_path / 'other', 1)
    listed = dict(type='ConcatDataset', datasets=[source])
    dataset = UDADataset([other, listed])
    assert (dataset[3]['source']['inputs'] == 12).all()
    assert stem(dataset[0]['source']) == '000'


def test_missing_translations_are_named(source):
    root = Path(source['translated_root'])
    (root / '001.JPG').unlink()
    (root / 'town/002.png').unlink()
    message = (
        r'source.translated_root: 2 of the 3 images of .*source/images are '
        r'not in .*translated \(001.png, town/002.png\): .*translate'
    )
    with pytest.raises(FileNotFoundError, match=message):
        UDADataset(source)


def test_no_folder(source):
    source['translated_root'] += '/nowhere'
    with pytest.raises(FileNotFoundError, match='nowhere does not exist'):
        UDADataset(source)
    for wrong in ('', 3):
        source['translated_root'] = wrong
        with pytest.raises(ValueError, match='expected the folder'):
            UDADataset(source)


def test_translations_of_another_size(source):
    write(Path(source['translated_root']) / 'town/002.png', 12, (16, 24))
    message = (
        r'town/002.png has 48 x 32 pixels, and its image .*translated/town/'
        r'002.png 24 x 16 .*translated_root has translations of another size'
    )
    with pytest.raises(ValueError, match=message):
        UDADataset(source)
