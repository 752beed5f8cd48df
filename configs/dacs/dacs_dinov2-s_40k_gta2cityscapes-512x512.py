_base_ = [
    '../_base_/models/dinov2-s_daformer.py',
    '../_base_/datasets/gta2cityscapes.py',
    '../_base_/schedules/adamw_40k_vit.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(type='DACS', alpha=0.99)
