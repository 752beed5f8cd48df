_base_ = [
    '../_base_/models/lite0_hrda.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/toy-viper2toy-seq_192_pairs.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/hrda_viper.py',
    '../_base_/default_runtime.py',
]
# 0.999 would average over all of the 300 iterations
model = dict(
    **_base_.pop('uda_model'),
    alpha=0.99,
    segmentor=dict(
        _base_.pop('classes_model').segmentor,
        type='AccelHRDAEncoderDecoder',
        data_preprocessor=dict(type='FrameDataPreProcessor', in_tests=True),
    ),
)
