# EfficientNet-Lite0 with two small decoders like DAFormer's, one for classes,
# one for centres and offsets; for crops of 128 x 128 on a CPU.
_base_ = './lite0_daformer.py'
__decoder = dict(_base_.model.segmentor.decode_head)
for __key in ('num_classes', 'loss_decode'):
    __decoder.pop(__key)
model = dict(
    segmentor=dict(
        type='PanopticEncoderDecoder',
        things=[11, 12, 13, 14, 15, 16, 17, 18],
        data_preprocessor=dict(size=(128, 128)),
        instance_head=dict(
            type='CenterOffsetHead',
            decoder=__decoder,
            # of 256 x 512 pixels, the share that 2048 are of Cityscapes'
            fusion=dict(stuff_area=128),
        ),
    )
)
