# Cross entropy as published. No public code weighs the entropy: its class
# losses are the paper's (class_loss='predicted': entropies of the pixels that
# are predicted as a class), its gradients normalized, as lambda would change
# nothing at this size otherwise (mode='paper').
_base_ = [
    './minent_r101_120k_synthia2cityscapes-512x512.py',
    '../_base_/balance/gbw_multi-level.py',
]
model = _base_.pop('balance_model')
model.entropy = dict(class_weighting=dict(class_loss='channel'))
custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')
