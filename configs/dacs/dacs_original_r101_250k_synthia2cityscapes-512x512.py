# DACS as its authors trained it (https://github.com/vikolss/DACS,
# configs/configUDA.json): SGD, 250k iterations, COCO weights, jitter of 0.25,
# no flips. They report the best of the snapshots, one every 5000 iterations;
# the last one is what tools/reproduce.py tests, unless told --best.
_base_ = [
    '../_base_/models/deeplabv2_r101_coco.py',
    '../_base_/datasets/synthia2cityscapes_dacs.py',
    '../_base_/schedules/sgd_250k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(type='DACS', alpha=0.99, jitter_strength=0.25)
train_cfg = dict(val_interval=5000)
default_hooks = dict(
    checkpoint=dict(interval=5000, save_best='mIoU', rule='greater')
)
