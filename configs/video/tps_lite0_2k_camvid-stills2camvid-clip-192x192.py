_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/camvid-stills2camvid-clip_192_frames.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/tps_lite0.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _base_.pop('uda_model'),
    segmentor=dict(
        data_preprocessor=dict(type='FrameDataPreProcessor'),
        decode_head=dict(num_classes=11),
    ),
)
