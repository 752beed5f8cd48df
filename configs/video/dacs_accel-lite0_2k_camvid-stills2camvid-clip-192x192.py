_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/camvid-stills2camvid-clip_192_pairs.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DACS',
    alpha='auto',
    segmentor=dict(
        type='AccelEncoderDecoder',
        data_preprocessor=dict(type='FrameDataPreProcessor', in_tests=True),
        decode_head=dict(num_classes=11),
    ),
)
