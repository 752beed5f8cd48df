"""Tables 11 and 12 of BLDA."""

import numpy as np
import pytest
from helpers.paths import ROOT
from mmengine.config import Config

from mmseg_balance.evaluation.published import video
from mmseg_balance.evaluation.published.listing import list_rows
from mmseg_balance.evaluation.published.recipes import level_of
from mmseg_balance.evaluation.published.rows import find_row

# road, sidewalk, ..., bike, mIoU and std as printed
PAPER = {
    'viper2cityscapes-seq/mic': '95.5 71.5 91.2 21.1 66.2 73.1 89.8 47.3 92.3 '
    '79.6 89.7 48.6 54.9 38.5 64.6 68.3 21.7',
    'viper2cityscapes-seq/mic+blda': '95.1 73.1 90.7 29.9 69.6 74.2 89.6 48.9 '
    '90.5 77.9 89.8 50.1 56.7 40.7 69.1 69.7 19.7',
    'viper2bddvid/hrda': '84.2 35.5 80.7 13.1 24.0 28.0 75.1 25.0 84.1 60.4 '
    '84.4 37.8 44.7 30.6 29.7 49.2 25.2',
    'viper2bddvid/hrda+blda': '84.4 40.1 79.5 18.7 27.3 29.1 74.7 25.5 82.6 '
    '62.8 81.7 43.9 46.7 35.1 29.9 50.8 23.4',
}


def test_rows_are_those_of_the_tables():
    rows = video.ROWS_BY_RULE['uvda']
    assert [row.name for row in rows] == list(PAPER)
    for row in rows:
        *columns, mean, std = map(float, PAPER[row.name].split())
        assert list(row.scores.items()) == [
            ('mIoU_uvda', mean),
            ('IoU_std_uvda', std),
        ]
        # spreads are those of the population over the 15 classes
        assert len(columns) == 15
        assert np.mean(columns) == pytest.approx(mean, abs=0.06)
        assert np.std(columns) == pytest.approx(std, abs=0.06)


def test_tps_counts_by_the_other_rule():
    published, balanced = video.ROWS_BY_RULE['davsn']
    assert published.name == 'viper2cityscapes-seq/tps'
    assert published.scores == dict(mIoU_davsn=48.9, IoU_std_davsn=None)
    # no paper has it
    assert balanced.name == 'viper2cityscapes-seq/tps+blda'
    assert set(balanced.scores.values()) == {None}
    assert level_of(published.name) == level_of(balanced.name) == 'other'
    for row in (published, balanced):
        cfg = Config.fromfile(ROOT / row.config)
        assert cfg.test_evaluator.rule == 'davsn'
        assert cfg.test_dataloader.dataset.riders == 'person'


@pytest.mark.parametrize('name', video.NOT_BUILT)
def test_rows_of_pat_say_why_they_are_not_there(name):
    with pytest.raises(ValueError, match='no config of the row') as error:
        find_row(name)
    assert 'PAT' in str(error.value)
    assert name.endswith('blda') or 'cityscapes-seq/tps' in str(error.value)
    assert name in list_rows()
    assert 'no code, no equation' in list_rows()
