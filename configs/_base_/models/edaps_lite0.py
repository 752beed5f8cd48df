# EDAPS with EfficientNet-Lite0 and narrow heads, for crops of 128 x 128 on a
# CPU: anchors are half as large, and fewer boxes are looked at.
_base_ = './lite0_daformer.py'
model = dict(
    segmentor=dict(
        type='PanopticEncoderDecoder',
        things=[11, 12, 13, 14, 15, 16, 17, 18],
        data_preprocessor=dict(size=(128, 128)),
        instance_head=dict(
            type='MaskRCNNHead',
            in_channels=[24, 40, 112, 320],
            channels=64,
            fc_channels=256,
            rpn_head=dict(anchor_generator=dict(scales=[4])),
            train_cfg=dict(
                rpn_proposal=dict(nms_pre=200, max_per_img=200),
                rcnn=dict(sampler=dict(num=128)),
            ),
            test_cfg=dict(rpn=dict(nms_pre=200, max_per_img=200)),
            # of 256 x 512 pixels, the share that 2048 are of Cityscapes'
            fusion=dict(stuff_area=128),
        ),
    )
)
