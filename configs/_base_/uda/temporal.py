# TPS on top of other methods. The target's pipeline loads pairs of frames,
# and model.segmentor.data_preprocessor.type is 'FrameDataPreProcessor'.
temporal_model = dict(
    temporal_supervision=dict(
        loss_weight=0.1,  # with VIPER as source
        scale=(0.8, 1.2),
        augmentation=dict(
            blur_probability=0.6,
            blur_sigma=(7.0, 9.0, 11.0),
            jitter_probability=0.8,
            jitter=(0.8, 0.8, 0.8, 0.2),
            grey_probability=0.2,
        ),
    )
)
