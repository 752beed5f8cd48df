# Crops of 128 x 128 of images at half their size, for short trainings on a
# CPU. Labels of the test stay at their own size, at which scores are taken.
_base_ = './pipelines_256.py'
crop_size = (128, 128)
source_pipeline = _base_.source_pipeline
source_pipeline.insert(
    2, dict(type='Resize', scale_factor=0.5, keep_ratio=True)
)
source_pipeline[3].crop_size = crop_size
target_pipeline = _base_.target_pipeline
target_pipeline.insert(
    1, dict(type='Resize', scale_factor=0.5, keep_ratio=True)
)
target_pipeline[2].crop_size = crop_size
test_pipeline = _base_.test_pipeline
test_pipeline.insert(1, dict(type='Resize', scale_factor=0.5, keep_ratio=True))
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
