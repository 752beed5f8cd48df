# DeepLabV2 of https://github.com/xing0047/TPS: two classifiers whose logits
# of both frames are fused (ACCEL), ResNet-101 of Caffe's layout and weights,
# batch norm whose scale and shift are not trained, images in BGR less the
# mean. Source and target may have two sizes: images are not padded to one.
# (Its pooling rounds up, so its maps are a pixel larger.)
_base_ = './deeplabv2_r101_multi-level_advent.py'
norm_cfg = dict(type='BN', requires_grad=False)
model = dict(
    segmentor=dict(
        type='AccelEncoderDecoder',
        data_preprocessor=dict(
            type='FrameDataPreProcessor',
            in_tests=True,
            mean=[104.00698793, 116.66876762, 122.67891434],
            std=[1.0, 1.0, 1.0],
            bgr_to_rgb=False,
            size=None,
            size_divisor=8,
        ),
        backbone=dict(
            type='ResNet',
            style='caffe',
            norm_cfg=norm_cfg,
            contract_dilation=False,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='open-mmlab://detectron2/resnet101_caffe',
            ),
        ),
        decode_head=dict(align_corners=True),
        auxiliary_head=dict(align_corners=True),
    )
)
