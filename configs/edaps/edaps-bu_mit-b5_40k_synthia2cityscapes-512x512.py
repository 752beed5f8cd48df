# M-Dec-BU of EDAPS; void that is predicted is scored as road, as there.
_base_ = [
    '../_base_/models/edaps-bu_mit-b5.py',
    '../_base_/datasets/synthia2cityscapes_centers.py',
    '../_base_/schedules/adamw_40k_panoptic.py',
    '../_base_/uda/edaps.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
val_evaluator = _base_.val_evaluator
val_evaluator[1].void_as_road = True
test_evaluator = val_evaluator
