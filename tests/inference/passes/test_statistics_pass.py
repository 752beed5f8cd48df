"""What tells one pass over a data set from another."""

import shutil

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.datasets import BaseSegDataset

from mmseg_balance.datasets.domains.domain import Domain
from mmseg_balance.inference.passes.statistics_pass import pass_settings


@pytest.fixture(autouse=True)
def _mmseg_scope():
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def settings(root, checkpoint):
    dataset = BaseSegDataset(
        data_root=str(root),
        data_prefix=dict(img_path='images'),
        img_suffix='.png',
        serialize_data=False,
        metainfo=dict(classes=('road', 'car')),
    )
    domains = dict(source=Domain(dataset, 'source'))
    return pass_settings(Config(dict(model={})), str(checkpoint), domains)


def test_settings_do_not_depend_on_where_the_data_lies(tmp_path):
    (tmp_path / 'a.pth').write_bytes(b'weights')
    (tmp_path / 'here/images').mkdir(parents=True)
    for i in range(2):
        image = np.zeros((4, 4, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'here/images/{i}.png'), image)
    shutil.copytree(tmp_path / 'here', tmp_path / 'elsewhere/there')
    here = settings(tmp_path / 'here', tmp_path / 'a.pth')
    there = settings(tmp_path / 'elsewhere/there', tmp_path / 'a.pth')
    assert here == there
    shutil.move(tmp_path / 'here/images/1.png', tmp_path / 'here/images/2.png')
    assert settings(tmp_path / 'here', tmp_path / 'a.pth') != there
