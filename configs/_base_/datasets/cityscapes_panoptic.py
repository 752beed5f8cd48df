# Cityscapes with its own labels and segments: what adaptation could reach.
_base_ = './synthia2cityscapes_panoptic.py'
source_pipeline = _base_.source_pipeline
source_pipeline.insert(2, dict(type='Resize', scale=(1024, 512)))
source_pipeline.insert(-2, dict(type='PhotoMetricDistortion'))
train_dataloader = dict(
    dataset=dict(
        source=dict(
            type='CityscapesPanopticDataset',
            data_root='data/cityscapes',
            ann_file='gtFine_panoptic/cityscapes_panoptic_train_trainId.json',
            data_prefix=dict(
                img_path='leftImg8bit/train',
                seg_map_path='gtFine_panoptic/train',
            ),
            pipeline=source_pipeline,
        ),
        target=None,
        rare_class_sampling=None,
    )
)
