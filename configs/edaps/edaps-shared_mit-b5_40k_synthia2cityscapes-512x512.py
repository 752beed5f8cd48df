# S-Net of EDAPS: one decoder for classes, centres and offsets.
_base_ = './edaps-bu_mit-b5_40k_synthia2cityscapes-512x512.py'
model = dict(segmentor=dict(instance_head=dict(decoder=None, channels=256)))
