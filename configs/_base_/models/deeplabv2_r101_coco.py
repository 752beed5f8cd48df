# DeepLabV2 of https://github.com/vikolss/DACS (model/deeplabv2.py): ResNet-101
# of Caffe's layout, batch norm whose scale and shift are not trained, images
# in BGR less the mean, and first weights of COCO; the file's classifier of 21
# classes is left. (Its pooling rounds up, so its maps are a pixel larger.)
_base_ = './deeplabv2_r101.py'
norm_cfg = dict(type='BN', requires_grad=False)
model = dict(
    segmentor=dict(
        data_preprocessor=dict(
            mean=[104.00698793, 116.66876762, 122.67891434],
            std=[1.0, 1.0, 1.0],
            bgr_to_rgb=False,
        ),
        backbone=dict(
            type='ResNet',
            style='caffe',
            norm_cfg=norm_cfg,
            contract_dilation=False,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='http://vllab1.ucmerced.edu/~whung/adv-semi-seg/'
                'resnet101COCO-41f33a49.pth',
            ),
        ),
        decode_head=dict(align_corners=True),
    )
)
