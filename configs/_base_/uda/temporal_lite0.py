# The same on crops of 192 x 192, whose blur is less by as much.
_base_ = './temporal.py'
temporal_model = dict(
    temporal_supervision=dict(augmentation=dict(blur_sigma=(1.5, 2.0, 2.5)))
)
