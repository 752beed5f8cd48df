# Crops of 192 x 192. Another size is made likewise.
_base_ = './pipelines_256.py'
crop_size = (192, 192)
source_pipeline = _base_.source_pipeline
source_pipeline[2].crop_size = crop_size
target_pipeline = _base_.target_pipeline
target_pipeline[1].crop_size = crop_size
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
