# ResNet-101, torchvision's with its first ImageNet weights, and a bottleneck
# of 256: the network of the VisDA-2017 tables.
_base_ = './classifier.py'
model = dict(
    segmentor=dict(
        backbone=dict(
            type='ResNet',
            depth=101,
            num_stages=4,
            out_indices=(3,),
            strides=(1, 2, 2, 2),
            dilations=(1, 1, 1, 1),
            norm_cfg=dict(type='BN', requires_grad=True),
            norm_eval=False,
            style='pytorch',
            init_cfg=dict(
                type='Pretrained', checkpoint='torchvision://resnet101'
            ),
        ),
        decode_head=dict(in_channels=2048, pool=True),
    )
)
