"""Blocks from given noise, pixel by pixel."""

import pytest
import torch

from mmseg_balance.models.uda.mixing.block_mask import block_mask


@pytest.mark.parametrize('size', [(8, 12), (10, 7), (9, 14)])
def test_a_pixel_stays_where_its_cell_is_above_the_ratio(size):
    height, width = size
    rows, columns = round(height / 4), round(width / 4)
    noise = torch.rand(2, 1, rows, columns)
    noise[0, 0, 0, 0] = 0.5  # not above
    found = block_mask(torch.zeros(2, 3, *size), 4, 0.5, noise)
    assert found.shape == (2, 1, *size) and found.dtype == torch.float32
    for image in range(2):
        for y in range(height):
            for x in range(width):
                cell = y * rows // height, x * columns // width
                stays = noise[image, 0][cell] > 0.5
                assert found[image, 0, y, x] == stays


def test_each_cell_of_the_grid_is_drawn():
    torch.manual_seed(0)
    found = block_mask(torch.zeros(1, 3, 10, 22), 4, 0.4)
    torch.manual_seed(0)
    noise = torch.rand(1, 1, 2, 6)  # round(2.5), round(5.5)
    assert torch.equal(
        found, block_mask(torch.zeros(1, 3, 10, 22), 4, 0.4, noise)
    )


def test_an_image_smaller_than_half_a_block_is_one_cell():
    torch.manual_seed(0)
    mask = block_mask(torch.zeros(30, 1, 1, 1), 4, 0.5)
    assert mask.shape == (30, 1, 1, 1)
    assert mask.unique().tolist() == [0, 1]
