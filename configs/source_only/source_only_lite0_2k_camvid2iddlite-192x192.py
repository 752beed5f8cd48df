_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/camvid2iddlite_192_uniform.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
# the teacher is an average of the student and takes no part in training
model = dict(
    type='SourceOnly',
    alpha='auto',
    segmentor=dict(decode_head=dict(num_classes=7)),
)
