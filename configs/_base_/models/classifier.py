# What all classifiers of images share: images as ImageNet's, cross entropy.
# `size` is that of the crops. The number of classes is the data set's.
model = dict(
    segmentor=dict(
        type='ImageClassifier',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size=(224, 224),
        ),
        decode_head=dict(
            type='ClassifierHead',
            num_classes=12,
            bottleneck=256,
            loss_decode=dict(type='CrossEntropyLoss', loss_weight=1.0),
        ),
        test_cfg=dict(mode='whole'),
    )
)
