# DACS as its authors trained it (https://github.com/vikolss/DACS,
# configs/configUDA.json): SGD, 250k iterations, COCO weights, jitter of 0.25,
# no flips. They report the best of the snapshots, one every 5000 iterations;
# the last one is what mmseg-balance reproduce tests, unless told --best.
_base_ = [
    '../_base_/models/deeplabv2_r101_coco.py',
    '../_base_/datasets/gta2cityscapes_dacs.py',
    '../_base_/schedules/sgd_250k_snapshots.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(type='DACS', alpha=0.99, jitter_strength=0.25)
