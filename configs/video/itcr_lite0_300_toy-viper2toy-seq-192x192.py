_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/toy-viper2toy-seq_192_frames.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/itcr.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _base_.pop('uda_model'),
    segmentor=dict(
        _base_.pop('classes_model').segmentor,
        data_preprocessor=dict(type='FrameDataPreProcessor'),
    ),
)
