# DeepLabV2 with a second classifier on the third stage, "conv4" (AdaptSegNet).
_base_ = './deeplabv2_r101.py'
model = dict(
    segmentor=dict(
        auxiliary_head=dict(
            _base_.model.segmentor.decode_head,
            in_channels=1024,
            in_index=2,
            loss_decode=dict(type='CrossEntropyLoss', loss_weight=0.1),
        )
    )
)
