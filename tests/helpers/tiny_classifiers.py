"""The classifier of the reference numbers, and batches for it."""

import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn


@MODELS.register_module()
class ReferenceBackbone(nn.Module):
    """Two convolutions; a map, or its mean over positions."""

    def __init__(self, channels: int, out_channels: int, vector: bool):
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, out_channels, 3, 1, 1)
        self.vector = vector

    def forward(self, images: Tensor) -> Tensor:
        features = self.conv2(self.bn1(self.conv1(images)).relu())
        return features.mean((2, 3)) if self.vector else features


def classifier_cfg(
    channels: int = 3,
    out_channels: int = 4,
    bottleneck: int = 4,
    num_classes: int = 4,
    vector: bool = False,
    size: int = 8,
    **head,
) -> dict:
    """Config of a classifier on :class:`ReferenceBackbone`."""
    return dict(
        type='ImageClassifier',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[120.0] * 3,
            std=[60.0] * 3,
            size=(size, size),
        ),
        backbone=dict(
            type='ReferenceBackbone',
            channels=channels,
            out_channels=out_channels,
            vector=vector,
        ),
        decode_head=dict(
            type='ClassifierHead',
            in_channels=out_channels,
            pool=not vector,
            bottleneck=bottleneck,
            num_classes=num_classes,
            loss_decode=dict(type='CrossEntropyLoss'),
        )
        | head,
    )


def package_name(name: str) -> str:
    """Name of a public parameter or buffer in an ``ImageClassifier``."""
    if name.startswith('head.'):
        return name.replace('head.', 'decode_head.conv_seg.')
    return name.replace('bottleneck.', 'decode_head.bottleneck.')


def reference_classifier(
    arrays: dict[str, Tensor], vector: bool, size: int = 8
) -> nn.Module:
    """A float64 ``ImageClassifier`` with the weights ``init__*`` of a file.

    Args:
        arrays: Of the file.
        vector: Whether its backbone gives vectors.
        size: Side of the images.
    """
    state = {
        key.removeprefix('init__').replace('__', '.'): value
        for key, value in arrays.items()
        if key.startswith('init__')
    }
    classes, bottleneck = state['head.weight'].shape
    out_channels, channels = state['backbone.conv2.weight'].shape[:2]
    cfg = classifier_cfg(
        channels, out_channels, bottleneck, classes, vector, size
    )
    model = MODELS.build(cfg).double()
    own = {package_name(key): value for key, value in state.items()}
    key = 'decode_head.conv_seg.weight'
    own[key] = own[key][..., None, None]
    model.load_state_dict(own)
    return model


def image_batch(
    n: int = 4, size: int = 8, classes: int = 4, seed: int = 0
) -> dict:
    """A batch of ``UDADataset`` whose brightness tells the class."""
    generator = torch.Generator().manual_seed(seed)
    batch = {}
    for domain in ('source', 'target'):
        labels = torch.randint(classes, (n,), generator=generator)
        samples, inputs = [], []
        for label in labels:
            noise = torch.randint(40, (1, size, size), generator=generator)
            inputs.append((label * 60 + noise).expand(3, -1, -1).byte())
            meta = dict(
                img_path='', img_shape=(size, size), ori_shape=(11, 17)
            )
            sample = SegDataSample(metainfo=meta)
            if domain == 'source':
                sample.gt_sem_seg = PixelData(data=label.view(1, 1, 1))
            samples.append(sample)
        batch[domain] = dict(inputs=inputs, data_samples=samples)
    return batch
