# The published row, with what the public code does and is off by default: one
# image without instances takes the instance losses from its whole batch, stuff
# under a mask is void (hide_stuff), the lowest score wins an overlap, and void
# is scored as road.
_base_ = [
    '../_base_/models/edaps_mit-b5.py',
    '../_base_/datasets/synthia2cityscapes_panoptic.py',
    '../_base_/schedules/adamw_40k_panoptic.py',
    '../_base_/uda/edaps.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _base_.pop('uda_model'),
    segmentor=dict(instance_head=dict(skip_without_instances=True)),
)
val_evaluator = _base_.val_evaluator
val_evaluator[1].void_as_road = True
test_evaluator = val_evaluator
