# DAFormer: norms of a transformer are not decayed. (Keys of custom_keys come
# first, so those of the decoder are.)
_base_ = './adamw_40k.py'
optim_wrapper = dict(paramwise_cfg=dict(norm_decay_mult=0.0))
