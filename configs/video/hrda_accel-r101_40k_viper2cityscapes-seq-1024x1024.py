_base_ = [
    '../_base_/models/hrda_r101.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/viper2cityscapes-seq_1024_pairs.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/hrda_viper.py',
    '../_base_/default_runtime.py',
]
model = dict(
    **_base_.pop('uda_model'),
    segmentor=dict(
        _base_.pop('classes_model').segmentor,
        type='AccelHRDAEncoderDecoder',
        data_preprocessor=dict(type='FrameDataPreProcessor', in_tests=True),
    ),
)
