"""Batches with the frame before each image."""

import copy

import pytest
import torch
from mmengine.structures import PixelData


@pytest.fixture
def frames_segmentor(segmentor):
    """Config of a tiny segmentor that stacks frames."""

    def frames_segmentor(*args, **kwargs):
        config = copy.deepcopy(segmentor(*args, **kwargs))
        config['data_preprocessor']['type'] = 'FrameDataPreProcessor'
        return config

    return frames_segmentor


@pytest.fixture
def frames_batch(batch):
    """A batch whose target has frames that a flow moves by whole pixels."""

    def frames_batch(shift=(0, 0), domains=('target',), **kwargs):
        data = batch(**kwargs)
        for domain in domains:
            part = data[domain]
            for image, sample in zip(part['inputs'], part['data_samples']):
                size = image.shape[-2:]
                flow = torch.zeros(2, *size)
                flow[0], flow[1] = shift
                fields = dict(
                    prev_img=image.roll((shift[1], shift[0]), (-2, -1)),
                    flow=flow,
                    flow_valid=torch.ones(1, *size, dtype=torch.bool),
                )
                fields = {k: PixelData(data=v) for k, v in fields.items()}
                sample.set_data(fields)
        return data

    return frames_batch
