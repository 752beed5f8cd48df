"""A model whose predictions are known: the largest of three channels."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

CLASSES = ('sky', 'road', 'car')
LOAD = dict(type='LoadImageFromFile')
ANNOTATIONS = dict(type='LoadAnnotations')
PACK = dict(type='PackSegInputs')
META = dict(classes=CLASSES, palette=[[9, 8, 7], [60, 50, 40], [255, 0, 100]])


def brightest_channel(**head):
    """A model that predicts the largest of blue, green and red."""
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=dict(type='ImageAsFeatures'),
        decode_head=dict(
            type='FCNHead',
            in_channels=3,
            channels=3,
            num_convs=0,
            concat_input=False,
            num_classes=3,
            dropout_ratio=0,
            **head,
        ),
        test_cfg=dict(mode='whole'),
    )


@MODELS.register_module(force=True)
class ImageAsFeatures(torch.nn.Module):
    def forward(self, images):
        return [images]

    def init_weights(self):
        pass


@pytest.fixture
def trained(tmp_path):
    def make(pipeline=(LOAD, ANNOTATIONS, PACK), meta=META, **changes):
        data = dict(
            type='BaseSegDataset',
            data_root='no/such/folder',
            data_prefix=dict(img_path='img'),
            metainfo=dict(classes=CLASSES),
            pipeline=list(pipeline),
        )
        cfg = Config(
            dict(
                default_scope='mmseg',
                model=brightest_channel(),
                test_dataloader=dict(dataset=data),
            )
        )
        cfg.merge_from_dict(changes)
        cfg.dump(tmp_path / 'config.py')
        init_default_scope('mmseg')
        model = MODELS.build(cfg.model)
        head = model.decode_head.conv_seg
        count = head.weight.shape[0]
        head.weight.data[:] = torch.eye(count, 3)[..., None, None]
        head.bias.data.zero_()
        checkpoint = tmp_path / 'weights.pth'
        meta = {} if meta is None else dict(dataset_meta=meta)
        torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
        return str(tmp_path / 'config.py'), str(checkpoint)

    return make
