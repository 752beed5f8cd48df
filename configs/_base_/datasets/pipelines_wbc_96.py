# Crops of 96 x 96. Cells of the target have 2.5 times as many pixels across as
# those of the source: its images are brought to the source's size.
_base_ = './pipelines_256.py'
crop_size = (96, 96)
__to_source = dict(type='Resize', scale=(120, 120), keep_ratio=True)
source_pipeline = _base_.source_pipeline
source_pipeline[2].crop_size = crop_size
target_pipeline = _base_.target_pipeline
target_pipeline[1].crop_size = crop_size
target_pipeline.insert(1, __to_source)
test_pipeline = _base_.test_pipeline
# before the labels, at whose size predictions are scored
test_pipeline.insert(1, __to_source)
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
