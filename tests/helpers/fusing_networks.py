"""Tiny networks that fuse frames, and batches for them."""

import torch
from mmengine.structures import PixelData


def add_moved_frames(branch: dict, seed: int = 0, labels: bool = True) -> dict:
    """Give each image of a batch a frame before it, and a flow.

    Args:
        branch: ``dict(inputs=..., data_samples=...)``, changed in place.
        seed: Of what is drawn.
        labels: Whether the frames have labels, those of the images shifted.

    Returns:
        The batch.
    """
    generator = torch.Generator().manual_seed(seed)
    for image, sample in zip(
        branch['inputs'], branch['data_samples'], strict=True
    ):
        size = image.shape[-2:]
        shift = int(torch.randint(1, 4, (), generator=generator))
        flow = torch.zeros(2, *size)
        flow[0] = shift
        fields = dict(
            prev_img=image.roll(shift, -1),
            flow=flow,
            flow_valid=torch.rand(1, *size, generator=generator) < 0.95,
        )
        if labels and 'gt_sem_seg' in sample:
            label = sample.gt_sem_seg.data.roll(shift, -1)
            fields['prev_gt_sem_seg'] = label
        sample.set_data({k: PixelData(data=v) for k, v in fields.items()})
    return branch


def fusing(segmentor: dict) -> dict:
    """A segmentor that fuses frames.

    Args:
        segmentor: Config of one that does not; stays as it is.
    """
    preprocessor = dict(
        segmentor['data_preprocessor'],
        type='FrameDataPreProcessor',
        in_tests=True,
    )
    kind = f'Accel{segmentor["type"]}'
    return dict(segmentor, type=kind, data_preprocessor=preprocessor)
