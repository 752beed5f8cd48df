"""What ``browse`` shows of a pair of frames."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmseg_balance.visualization.training_pictures.figure import (
    training_picture,
)
from mmseg_balance.visualization.training_pictures.frame_pair import frame_row

SIZE = (12, 16)


def sample_of(shift=2, **others):
    """An earlier frame of columns, and a flow that looks to the right."""
    columns = torch.arange(SIZE[1]).expand(SIZE).byte()
    image = torch.stack([10 * columns, columns, 0 * columns])
    flow = torch.zeros(2, *SIZE)
    flow[0] = shift
    valid = torch.ones(1, *SIZE, dtype=torch.bool)
    valid[..., :4] = False
    fields = dict(prev_img=image, flow=flow, flow_valid=valid)
    fields['prev_gt_sem_seg'] = (columns // 8).long()[None]
    sample = SegDataSample()
    for name, data in {**fields, **others}.items():
        if data is not None:
            sample.set_data({name: PixelData(data=data)})
    return sample


def test_the_frame_before_is_moved_with_its_labels():
    row = frame_row(sample_of(), 'target frames')
    assert row.title == 'target frames'
    earlier, moved, flow, valid, labels = (p.content for p in row.panels)
    # files are BGR, pictures RGB
    assert earlier[0, 3].tolist() == [0, 3, 30]
    assert moved[0, 5].tolist() == [0, 7, 70]
    assert not moved[:, -2:].any()  # beyond the border
    assert not moved[:, :4].any() and not flow[:, :4].any()
    assert valid.dtype == bool and valid[0].tolist() == [False] * 4 + 12 * [
        True
    ]
    assert labels[0].tolist() == [255] * 4 + 2 * [0] + 8 * [1] + 2 * [255]
    assert row.panels[2].title == 'flow: up to 2.0 pixels'
    # one direction, one colour
    assert len(np.unique(flow[:, 4:].reshape(-1, 3), axis=0)) == 1
    picture = training_picture([row], ('a', 'b'), [[9, 9, 9], [0, 99, 0]])
    assert picture.dtype == np.uint8


def test_a_frame_that_stands_is_white():
    row = frame_row(sample_of(shift=0), 'frames')
    assert (row.panels[2].content[:, 4:] == 255).all()
    assert row.panels[2].title == 'flow: up to 0.0 pixels'


def test_parts_that_are_not_there_are_left_out():
    assert frame_row(sample_of(prev_img=None), 'frames') is None
    assert len(frame_row(sample_of(prev_gt_sem_seg=None), 'f').panels) == 4
    assert len(frame_row(sample_of(flow=None), 'frames').panels) == 1
