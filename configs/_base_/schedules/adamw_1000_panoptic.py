# Panoptic runs of a small network on a CPU: long enough that all classes are
# learnt, see adamw_few_shot.py.
_base_ = './adamw_few_shot.py'
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(instance_head=dict(lr_mult=10.0)))
)
