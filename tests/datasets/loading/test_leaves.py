"""Data sets are found in what wraps them, as configs and built."""

import numpy as np
import pytest
from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

from mmseg_balance.datasets.loading import leaves


@DATASETS.register_module()
class Numbers(BaseDataset):
    """A data set of numbers, without files."""

    def __init__(self, start=0, num=1):
        self.start, self.num = start, num
        super().__init__(serialize_data=False)

    def load_data_list(self):
        return [dict(img_path=str(self.start + i)) for i in range(self.num)]


def numbers(start, num):
    return dict(type='Numbers', start=start, num=num)


def repeat(dataset):
    return dict(type='RepeatDataset', times=2, dataset=dataset)


def concat(*datasets):
    return dict(type='ConcatDataset', datasets=list(datasets))


A, B, C = numbers(0, 2), numbers(10, 1), numbers(20, 3)
NESTED = concat(repeat(concat(A, B)), C)
KEYS = [
    'train.datasets[0].dataset.datasets[0]',
    'train.datasets[0].dataset.datasets[1]',
    'train.datasets[1]',
]


def test_configs():
    assert list(leaves.leaf_configs(NESTED, 'train')) == list(
        zip(KEYS, (A, B, C), strict=True)
    )
    pair = dict(type='UDADataset', source=NESTED, target=None)
    keys = [key for key, _ in leaves.keyed_configs(pair, 'data')]
    assert keys[:3] == ['data', 'data.source', 'data.source.datasets[0]']
    assert list(leaves.leaf_configs(None, 'train')) == []
    mix = dict(type='MultiImageMixDataset', dataset=A, pipeline=[])
    assert list(leaves.leaf_configs(mix, 'x')) == [('x.dataset', A)]


def test_built():
    built = DATASETS.build(NESTED)
    found = dict(leaves.keyed_leaves(built, 'train'))
    assert list(found) == KEYS
    assert [leaf.start for leaf in found.values()] == [0, 10, 20]
    assert leaves.leaf_datasets(built, 'train') == list(found.values())
    files = [
        leaf.get_data_info(i)['img_path']
        for leaf in found.values()
        for i in range(len(leaf))
    ]
    shown = np.array(files)[leaves.sample_order(built)].tolist()
    own = [built.get_data_info(i)['img_path'] for i in range(len(built))]
    assert shown == own == ['0', '1', '10', '0', '1', '10', '20', '21', '22']


def test_images_that_are_mixed_cannot_be_drawn():
    mix = dict(type='MultiImageMixDataset', dataset=A, pipeline=[])
    built = DATASETS.build(concat(B, mix))
    with pytest.raises(TypeError, match='source is a MultiImageMixDataset'):
        leaves.leaf_datasets(built, 'source')
    # but are looked into where nothing is drawn
    keys = [key for key, _ in leaves.keyed_leaves(built, 'val')]
    assert keys == ['val.datasets[0]', 'val.datasets[1].dataset']
