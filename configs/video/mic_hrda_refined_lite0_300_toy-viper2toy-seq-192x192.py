_base_ = [
    '../_base_/models/lite0_hrda.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/toy-viper2toy-seq_192_frames.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/self_training.py',
    '../_base_/uda/mic_lite0.py',
    '../_base_/uda/refined_labels_short.py',
    '../_base_/default_runtime.py',
]
model = dict(
    **_base_.pop('uda_model'),
    **_base_.pop('refinement_model'),
    # traffic light, traffic sign, person, and all from car on
    feature_distance=dict(classes=[4, 5, 9, 10, 11, 12, 13, 14]),
    alpha=0.99,  # 0.999 would average over all of the 300 iterations
    segmentor=dict(
        _base_.pop('classes_model').segmentor,
        data_preprocessor=dict(type='FrameDataPreProcessor'),
    ),
)
