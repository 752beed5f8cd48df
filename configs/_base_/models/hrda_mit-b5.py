# HRDA: DAFormer at two resolutions. The head and the attention take
# num_classes from HRDAHead, and the head its loss.
_base_ = './daformer_mit-b5.py'
__head = _base_.model.segmentor.pop('decode_head')
__num_classes = __head.pop('num_classes')
__loss = __head.pop('loss_decode')
__head.pop('align_corners')
model = dict(
    segmentor=dict(
        type='HRDAEncoderDecoder',
        scale=0.5,
        detail_crop_size=(512, 512),
        crop_coord_divisible=8,
        detail_overlap=True,
        data_preprocessor=dict(size=(1024, 1024)),
        decode_head=dict(
            type='HRDAHead',
            num_classes=__num_classes,
            detail_loss_weight=0.1,
            head=__head,
            attention=dict(
                __head,
                decoder_params=dict(
                    __head.decoder_params,
                    fusion_cfg=dict(
                        type='conv',
                        kernel_size=1,
                        act_cfg=dict(type='ReLU'),
                        norm_cfg=_base_.norm_cfg,
                    ),
                ),
            ),
            loss_decode=__loss,
        ),
        test_cfg=dict(mode='slide', crop_size=(1024, 1024), stride=(512, 512)),
    )
)
