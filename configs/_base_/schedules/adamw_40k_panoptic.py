# EDAPS: the branch for instances learns as fast as the decoder, and its norms
# are decayed, too.
_base_ = './adamw_40k_mit.py'
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(instance_head=dict(lr_mult=10.0)))
)
