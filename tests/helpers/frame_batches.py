"""Batches whose images have frames before them."""

import torch
from mmengine.structures import PixelData


def add_frames(
    batch: dict,
    branch: str = 'target',
    flow: tuple[float, float] = (2.0, -1.0),
    seed: int = 3,
) -> dict:
    """Give the images of a branch frames before them: moved, darker and noisy.

    Args:
        batch: Of ``UDADataset``; changed in place.
        branch: 'source' or 'target'.
        flow: (u, v) of all pixels.
        seed: Of the frames, and of where the flow counts: four of five.

    Returns:
        The batch.
    """
    generator = torch.Generator().manual_seed(seed)
    u, v = flow
    part = batch[branch]
    for image, sample in zip(
        part['inputs'], part['data_samples'], strict=True
    ):
        size = image.shape[-2:]
        before = image.roll((int(v), int(u)), (-2, -1)) // 2
        noise = torch.randint(100, size, generator=generator)
        fields = dict(
            prev_img=(before + noise).byte(),
            flow=torch.tensor(flow).view(2, 1, 1).expand(2, *size).clone(),
            flow_valid=torch.rand(1, *size, generator=generator) < 0.8,
        )
        sample.set_data({k: PixelData(data=v) for k, v in fields.items()})
    return batch
