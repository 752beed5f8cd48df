_base_ = [
    '../_base_/models/daformer_mit-b5.py',
    '../_base_/datasets/gta2cityscapes_rcs.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/cdac.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
