# The head of DAFormer without context: a 1 x 1 convolution fuses the levels.
# On a CPU the context takes almost half of a training step.
_base_ = './lite0_daformer.py'
model = dict(
    segmentor=dict(
        decode_head=dict(
            decoder_params=dict(
                fusion_cfg=dict(
                    _delete_=True,
                    type='conv',
                    kernel_size=1,
                    act_cfg=dict(type='ReLU'),
                    norm_cfg=dict(type='BN', requires_grad=True),
                )
            )
        )
    )
)
