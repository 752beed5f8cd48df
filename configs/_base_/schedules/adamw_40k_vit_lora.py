# Low-rank updates begin at zero, and learn at the rate of what is new.
_base_ = './adamw_40k_vit.py'
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'backbone.vit': dict(lr_mult=1.0)})
)
