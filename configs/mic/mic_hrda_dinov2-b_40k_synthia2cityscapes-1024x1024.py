_base_ = [
    '../_base_/models/dinov2-b_hrda.py',
    '../_base_/datasets/synthia2cityscapes_1024.py',
    '../_base_/schedules/adamw_40k_vit.py',
    '../_base_/uda/mic_hrda_vit.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
