_base_ = [
    '../_base_/models/lite2_daformer_conv1.py',
    '../_base_/datasets/camvid2iddlite_192_uniform.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DACS',
    alpha='auto',
    segmentor=dict(decode_head=dict(num_classes=7)),
)
