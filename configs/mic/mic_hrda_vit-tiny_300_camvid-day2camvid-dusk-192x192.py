_base_ = [
    '../_base_/models/vit-tiny_hrda.py',
    '../_base_/datasets/camvid-day2camvid-dusk_192.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/mic_vit-tiny.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _base_.pop('uda_model'),
    alpha=0.99,  # 0.999 would average over all of the 300 iterations
    segmentor=dict(decode_head=dict(num_classes=11)),
)
# that of the schedule was chosen with a network of convolutions
optim_wrapper = dict(optimizer=dict(lr=2e-04))
