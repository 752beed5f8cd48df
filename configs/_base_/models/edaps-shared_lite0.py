# The same with one decoder for classes, centres and offsets ("S-Net").
_base_ = './edaps-bu_lite0.py'
model = dict(
    segmentor=dict(
        instance_head=dict(
            decoder=None, channels=_base_.model.segmentor.decode_head.channels
        )
    )
)
