_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/toy-viper2toy-seq_192_pairs.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='DACS',
    alpha=0.99,
    segmentor=dict(
        _base_.pop('classes_model').segmentor,
        type='AccelEncoderDecoder',
        data_preprocessor=dict(type='FrameDataPreProcessor', in_tests=True),
    ),
)
