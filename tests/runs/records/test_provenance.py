"""Images of a data set in a few words, wherever they lie."""

import shutil
from types import SimpleNamespace

import pytest
from mmengine.dataset import BaseDataset, ConcatDataset

from mmseg_balance.runs.records.provenance import (
    changed_provenance,
    describe_data,
    describe_files,
    provenance,
)


class Images(BaseDataset):
    """The files of a folder, named from a root or by whole paths."""

    def __init__(self, folder, root=''):
        self.folder = folder
        super().__init__(data_root=str(root), pipeline=[])

    def load_data_list(self):
        files = sorted(self.folder.rglob('*.png'))
        return [dict(img_path=str(file)) for file in files]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / 'here/images'
    for i in range(40):
        file = folder / f'city{i % 2}/{i}.png'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b'x' * (i + 1))
    return folder


@pytest.mark.parametrize('rooted', [True, False])
def test_moved_images_are_the_same(folder, tmp_path, rooted):
    there = tmp_path / 'far/away/images'
    shutil.copytree(folder, there)
    first, second = (
        describe_files(Images(f, f.parent if rooted else ''))
        for f in (folder, there)
    )
    assert first == second and first.startswith('40 images ')


def test_other_images_are_others(folder):
    def seen():
        return describe_files(Images(folder, folder.parent))

    found = [seen()]
    (folder / 'city0/0.png').rename(folder / 'city1/0.png')
    found.append(seen())
    (folder / 'city1/1.png').write_bytes(b'another image')
    found.append(seen())
    (folder / 'city1/1.png').unlink()
    found.append(seen())
    assert len(set(found)) == 4
    assert found[-1].startswith('39 images ')


def test_branches_and_wrappers(folder):
    images = Images(folder, folder.parent)
    pair = SimpleNamespace(source=images, target=None)
    assert describe_data(pair) == dict(source=describe_files(images))
    twice = describe_data(ConcatDataset([images, images]))
    assert twice['data'].startswith('80 images ')
    assert describe_data(None) == {}


def test_what_changed(folder):
    now = provenance(Images(folder))
    assert changed_provenance(now, now) == dict(code=[], data=[])
    # of a version that noted nothing
    assert changed_provenance(None, now) == dict(code=[], data=[])
    then = dict(
        versions=dict(now['versions'], torch='1.0'),
        sources='0' * 12,
        data=dict(data='39 images 0'),
    )
    changed = changed_provenance(then, now)
    assert changed['data'] == [
        f'data was 39 images 0, is {now["data"]["data"]}'
    ]
    assert changed['code'][0].startswith('torch was 1.0, is ')
    assert 'sources of mmseg_balance were 000000000000' in changed['code'][1]
