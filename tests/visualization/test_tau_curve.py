"""Pictures of scores over tau."""

import io

import numpy as np
import pytest
from PIL import Image

from mmseg_balance.visualization import tau_curve
from mmseg_balance.visualization.tau_curve import tau_curves

METRICS = ('mIoU', 'mAcc', 'IoU_std', 'Acc_std')


def scores(*taus):
    return [
        dict(tau=t, **{m: 30 + i + 5 * t for i, m in enumerate(METRICS)})
        for t in taus
    ]


@pytest.mark.parametrize('taus', [(0.0, 0.5, 1.5), (1.0,)])
def test_a_picture(taus):
    best = dict.fromkeys(METRICS, taus[-1])
    png = tau_curves(scores(*taus), best, 'name of a config')
    picture = np.asarray(Image.open(io.BytesIO(png)).convert('RGB'))
    assert picture.shape[1] > 2 * picture.shape[0] > 500
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_what_is_drawn(monkeypatch):
    """The curves, and a star at the best tau of each."""
    figures = []
    canvas = tau_curve.FigureCanvasAgg
    monkeypatch.setattr(
        tau_curve,
        'FigureCanvasAgg',
        lambda figure: figures.append(figure) or canvas(figure),
    )
    best = dict(mIoU=0.5, mAcc=1.5, IoU_std=0.0, Acc_std=1.5)
    tau_curves(scores(0.0, 0.5, 1.5), best)
    drawn = {}
    for axis in figures[0].axes:
        for curve, star in zip(axis.lines[::2], axis.lines[1::2]):
            name = curve.get_label().split(',')[0]
            drawn[name] = curve.get_xydata(), star.get_xydata()
    for i, metric in enumerate(METRICS):
        curve, star = drawn[metric]
        expected = [[t, 30 + i + 5 * t] for t in (0.0, 0.5, 1.5)]
        np.testing.assert_allclose(curve, expected)
        tau = best[metric]
        np.testing.assert_allclose(star, [[tau, 30 + i + 5 * tau]])
