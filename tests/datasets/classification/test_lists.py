"""Lists of images and their classes, and the public sets that have such."""

import pytest

from mmseg_balance.datasets import OfficeHomeDataset, VisDA2017Dataset
from mmseg_balance.datasets.classification.lists import read_list

CLASSES = ('bus', 'car', 'dog')


def listed(tmp_path, text, name='list.txt'):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


@pytest.fixture
def folder(tmp_path, write_images):
    write_images(tmp_path, ['bus/a b.png', 'car/a.png', 'x/c.png'])
    return tmp_path


@pytest.fixture
def build_list(build, folder):
    def build_list(text, **kwargs):
        listed(folder, text)
        return build(
            'ImageListDataset', folder, ann_file='list.txt',
            metainfo=dict(classes=CLASSES), **kwargs
        )  # fmt: skip

    return build_list


def test_the_last_word_is_the_id(build_list, folder):
    text = '\ufeffbus/a b.png 0\r\n\r\nx/c.png   2 \r\ncar/a.png\t1'
    dataset = build_list(text)
    assert dataset.labels().tolist() == [0, 2, 1]
    paths = [dataset.get_data_info(i)['img_path'] for i in range(3)]
    assert paths[0] == str(folder / 'bus/a b.png')
    assert dataset[1]['data_samples'].gt_sem_seg.data.tolist() == [[[2]]]


def test_a_list_without_ids(build_list):
    dataset = build_list('bus/a b.png\ncar/a.png')
    assert dataset.labels().tolist() == [255, 255]
    assert dataset.class_pixels().sum() == 0


@pytest.mark.parametrize(
    'text, message',
    [
        ('', r'names no image'),
        ('bus/a.png 0\ncar/a.png', r"line 2: 'car/a.png' has no id"),
        ('x/a.png 0\nx/b.png 3', r"line 2: 'x/b.png' has the id 3, expected "
         r'0 .. 2 for the 3 classes \(1 of 2 lines'),
        ('x/a.png -1', r'has the id -1, expected 0 .. 2'),
        ('car/a.png 0', r"line 1: 'car/a.png' has the id 0, which is 'bus', "
         "and 'car' is class 1"),
        ('x/a.png 0\nx/b.png 1\nx/a.png 2', "'x/a.png' has the id 0 in line "
         '1 and 2 in line 3'),
    ],
)  # fmt: skip
def test_lists_that_are_refused(build_list, text, message):
    with pytest.raises(ValueError, match=message):
        build_list(text)


def test_other_ids_than_the_folders_may_be_wanted(build_list):
    dataset = build_list('car/a.png 0', ids_match_folders=False)
    assert dataset.labels().tolist() == [0]


def test_no_list(build, folder):
    kwargs = dict(metainfo=dict(classes=CLASSES))
    with pytest.raises(ValueError, match='no list is given; set ann_file'):
        build('ImageListDataset', folder, **kwargs)
    with pytest.raises(FileNotFoundError, match='none.txt .* does not exist'):
        build('ImageListDataset', folder, ann_file='none.txt', **kwargs)
    path = folder / 'latin.txt'
    path.write_bytes(b'b\xfcs.png 0')
    with pytest.raises(ValueError, match='is not UTF-8'):
        read_list(str(path))


# -- VisDA-2017 --------------------------------------------------------------
NAMES = VisDA2017Dataset.METAINFO['classes']
FILES = [f'{name}/{name} 1.png' for name in NAMES]


@pytest.fixture
def visda(tmp_path, write_images):
    write_images(tmp_path / 'train', FILES)
    return tmp_path


def as_lists(folder, prefix='', ids=range(12)):
    return ''.join(f'{prefix}{f} {i}\n' for f, i in zip(FILES, ids))


def test_visda_in_each_layout(build, visda):
    found = []
    for name, prefix in (
        (None, ''),
        ('image_list/train.txt', 'train/'),
        ('train/image_list.txt', ''),
    ):
        if name:
            path = listed(visda, as_lists(visda, prefix), name)
        dataset = build('VisDA2017Dataset', visda, split='train')
        if name:
            path.unlink()
        assert dataset.labels().tolist() == list(range(12))
        paths = [dataset.get_data_info(i)['img_path'] for i in range(12)]
        found.append(paths)
    assert found[0] == found[1] == found[2]
    assert found[0][4] == str(visda / 'train/horse/horse 1.png')


def test_visda_lists_that_disagree(build, visda):
    listed(visda, as_lists(visda, 'train/'), 'image_list/train.txt')
    path = listed(visda, as_lists(visda), 'train/image_list.txt')
    assert len(build('VisDA2017Dataset', visda)) == 12
    path.write_text(''.join(as_lists(visda).splitlines(True)[:-1]))
    with pytest.raises(ValueError, match='disagree on 1 images.*truck 1.png'):
        build('VisDA2017Dataset', visda)
    swapped = [0, 1, 3, 2, *range(4, 12)]
    path.write_text(as_lists(visda, ids=swapped))
    with pytest.raises(ValueError, match="'bus/bus 1.png' has the id 3, whi"):
        build('VisDA2017Dataset', visda)


def test_a_part_of_the_classes(build, visda):
    dataset = build(
        'VisDA2017Dataset', visda, metainfo=dict(classes=('truck', 'bus'))
    )
    assert dataset.labels().tolist() == [1, 0]
    assert dataset.metainfo['palette'] == [[0, 0, 70], [0, 60, 100]]
    assert dataset.class_pixels().tolist() == [[0, 1], [1, 0]]


def test_visda_split(build, visda):
    with pytest.raises(ValueError, match="split is 'val', expected one of"):
        build('VisDA2017Dataset', visda, split='val')


# -- Office-Home -------------------------------------------------------------
def test_office_home(build, tmp_path, write_images):
    classes = OfficeHomeDataset.METAINFO['classes']
    assert len(classes) == len(set(classes)) == 65
    assert classes[13] == 'Flipflops' and classes[64] == 'Marker'
    assert classes.index('Knives') == 61 and classes[33] == 'Alarm_Clock'
    write_images(
        tmp_path / 'Real World', [f'{name}/1.jpg' for name in classes]
    )
    dataset = build('OfficeHomeDataset', tmp_path, domain='Rw')
    assert dataset.labels().tolist() == list(range(65))
    lines = [f'Real World/{name}/1.jpg {i}' for i, name in enumerate(classes)]
    listed(tmp_path, '\n'.join(lines), 'image_list/Real_World.txt')
    again = build('OfficeHomeDataset', tmp_path, domain='Real_World')
    assert again.ann_file.endswith('image_list/Real_World.txt')
    assert [again.get_data_info(i) for i in range(65)] == [
        dataset.get_data_info(i) for i in range(65)
    ]
    # ids by the alphabet, as other copies have them
    lines = [f'Art/{name}/1.jpg {i}' for i, name in enumerate(sorted(classes))]
    listed(tmp_path, '\n'.join(lines), 'image_list/Art.txt')
    with pytest.raises(ValueError, match="'Alarm_Clock' is class 33"):
        build('OfficeHomeDataset', tmp_path, domain='Ar')
    with pytest.raises(ValueError, match="domain is 'De', expected one of"):
        build('OfficeHomeDataset', tmp_path, domain='De')
