# VFM-UDA (CVPR workshops 2024): AdamW, 5e-5 times the root of the batch size,
# here 2, for what is new, and a tenth of it for the transformer.
_base_ = './adamw_40k.py'
optim_wrapper = dict(
    optimizer=dict(lr=7.07e-05),
    paramwise_cfg=dict(
        custom_keys={
            'backbone.vit': dict(lr_mult=0.1),
            'decode_head': dict(lr_mult=1.0),
            'density': dict(lr_mult=1.0),
        }
    ),
)
