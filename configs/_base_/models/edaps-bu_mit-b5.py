# EDAPS with centres and offsets in the place of Mask R-CNN ("M-Dec-BU"): a
# second decoder like DAFormer's, with weights of its own, on the same encoder.
# Needs no mmdet. Two faults of the public code are kept, see
# docs/differences.md.
_base_ = './daformer_mit-b5.py'
__decoder = dict(_base_.model.segmentor.decode_head)
for __key in ('num_classes', 'loss_decode'):
    __decoder.pop(__key)
model = dict(
    segmentor=dict(
        type='PanopticEncoderDecoder',
        things=[11, 12, 13, 14, 15, 16, 17, 18],
        instance_head=dict(
            type='CenterOffsetHead',
            decoder=__decoder,
            center_loss_limit=14,
            fusion=dict(as_published=True),
        ),
    )
)
