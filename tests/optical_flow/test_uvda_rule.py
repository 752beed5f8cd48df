"""The rule by which the public UVDA code warps, beside ours.

Nothing here uses it: it drops true zero motion, and takes for hidden the
wrong grid. The numbers that it gave are met by a loop, so that what differs
from :func:`warp_labels` is known.
"""

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files

from mmseg_balance.optical_flow import warp_labels

FILES = [
    'video/uvda_warp_a',
    *whole_files('video/uvda_warp_a', 'video/uvda_warp_zero'),
]


def uvda_warp(image, flow, ignored=255.0):
    """Nearest, truncated towards zero; what is not trusted is ``ignored``."""
    height, width = flow.shape[:2]
    top = 840 if height == 1024 else int(0.7 * height)
    out = np.full_like(image, ignored)
    sampled = np.zeros((height, width), int)
    kept = np.zeros((height, width), bool)
    for y, x in np.ndindex(height, width):
        u, v = flow[y, x]
        row, column = int(y + v), int(x + u)
        if y + v < 0 or y + v >= top or x + u < 0 or x + u >= width:
            u = v = 0.0
            row, column = y, x
        sampled[row, column] += 1
        kept[y, x] = u != 0 or v != 0
        out[y, x] = image[row, column]
    out[~kept | (sampled > 1)] = ignored
    return out


@pytest.mark.parametrize('name', FILES)
def test_the_rule(name):
    data = {key: value.numpy() for key, value in reference(name).items()}
    out = uvda_warp(data['im'], data['flow'])
    np.testing.assert_array_equal(out, data['out'])
    np.testing.assert_array_equal(~(out == 255).any(-1), data['mask'])


@pytest.mark.parametrize('name', FILES)
def test_where_both_trust_a_pixel_its_place_is_at_most_one_away(name):
    """UVDA truncates and we round: a label map of columns shows it."""
    data = reference(name)
    flow = data['flow'].permute(2, 0, 1)[None]
    height, width = flow.shape[-2:]
    columns = torch.arange(width).expand(1, height, width).contiguous()
    ours = warp_labels(columns, flow)[0]
    theirs = uvda_warp(
        columns[0, ..., None].double().numpy(), data['flow'].numpy()
    )
    both = (ours != 255) & torch.from_numpy(theirs[..., 0] != 255)
    assert both.sum() > 50
    away = ours - torch.from_numpy(theirs[..., 0]).long()
    assert set(away[both].tolist()) == {0, 1}
