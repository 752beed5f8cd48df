_base_ = [
    '../_base_/models/edaps_lite0.py',
    '../_base_/datasets/toy2toy_128_instances.py',
    '../_base_/schedules/adamw_1000_top_down.py',
    '../_base_/uda/edaps_short.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
