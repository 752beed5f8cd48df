"""Table of the scores over tau."""

import pytest

from mmseg_balance.evaluation.tau_sweep import best_taus
from mmseg_balance.visualization.paper_figures.tau import draw_tau


def test_every_score_and_the_best_of_each(rows, size):
    scores = [
        dict(tau=0.0, mIoU=50.0, mAcc=60.0, IoU_std=9.0, Acc_std=8.0),
        dict(tau=0.5, mIoU=51.25, mAcc=62.0, IoU_std=8.0, Acc_std=7.0),
        dict(tau=1.0, mIoU=49.0, mAcc=63.0, IoU_std=8.5, Acc_std=6.0),
    ]
    drawn = draw_tau(scores, best_taus(scores))
    assert size(drawn.png)[0] == pytest.approx(3.25, abs=0.01)
    table = rows(drawn.tables[''])
    assert len(table) == 12
    assert {
        (r['metric'], r['tau'], r['value'])
        for r in table
        if r['best'] == 'yes'
    } == {
        ('mIoU', '0.5', '51.25'),
        ('mAcc', '1', '63'),
        ('IoU_std', '0.5', '8'),
        ('Acc_std', '1', '6'),
    }
