# As https://github.com/vikolss/DACS loads images: crops anywhere, no flips,
# the source resized to one size.
_base_ = './pipelines_512.py'
source_pipeline = _base_.source_pipeline
source_pipeline[2].keep_ratio = False
source_pipeline[3].cat_max_ratio = 1.0
target_pipeline = _base_.target_pipeline
del source_pipeline[4], target_pipeline[3]  # RandomFlip
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
