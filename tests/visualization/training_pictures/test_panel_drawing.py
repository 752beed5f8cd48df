"""Maps of one pixel have their value in letters."""

import numpy as np
import pytest
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mmseg_balance.visualization.training_pictures.panel_drawing import (
    UNIT,
    draw_panel,
)
from mmseg_balance.visualization.training_pictures.panels import Panel

PALETTE = [[0, 0, 120], [250, 230, 0]]


def drawn(content):
    axis = Figure().subplots()
    scales = {UNIT: Normalize(0, 1)}
    draw_panel(axis, Panel('a', content), ('bus', 'car'), PALETTE, scales)
    return [(text.get_text(), text.get_color()) for text in axis.texts]


@pytest.mark.parametrize(
    ('value', 'kind', 'text', 'grey'),
    [
        (0, int, 'bus', 1),
        (1, int, 'car', 0),
        (255, int, 'no label', 1),
        (0.524, float, '0.52', 0),
        (True, bool, 'yes', 0),
        (False, bool, 'no', 1),
    ],
)
def test_a_map_of_one_pixel_is_told_in_letters(value, kind, text, grey):
    ((found, colour),) = drawn(np.array([[value]], kind))
    assert found == text
    assert np.allclose(colour, grey)


def test_larger_maps_have_no_letters():
    assert drawn(np.zeros((2, 1), int)) == []
