# HRDA on DeepLabV2 with ResNet-101, as UVDA trains it on video data sets.
# Cells of 8 pixels at half the resolution: crops are multiples of 16.
_base_ = './deeplabv2_r101.py'
__head = _base_.model.segmentor.pop('decode_head')
__num_classes = __head.pop('num_classes')
__loss = __head.pop('loss_decode')
__head.pop('align_corners')
model = dict(
    segmentor=dict(
        type='HRDAEncoderDecoder',
        scale=0.5,
        detail_crop_size=(512, 512),
        crop_coord_divisible=16,
        detail_overlap=True,
        data_preprocessor=dict(size=(1024, 1024)),
        decode_head=dict(
            type='HRDAHead',
            num_classes=__num_classes,
            detail_loss_weight=0.1,
            head=__head,
            attention=__head,
            loss_decode=__loss,
        ),
        test_cfg=dict(mode='slide', crop_size=(1024, 1024), stride=(512, 512)),
    )
)
