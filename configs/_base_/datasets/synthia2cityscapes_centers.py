# SYNTHIA -> Cityscapes with the targets of a bottom-up branch. As in EDAPS's
# M-Dec-BU, crops of the target are taken at its own size.
_base_ = './synthia2cityscapes_panoptic.py'
source_pipeline = _base_.source_pipeline
source_pipeline[-2].update(instances=False, centers=True)
target_pipeline = _base_.target_pipeline
target_pipeline.pop(1)  # Resize
train_dataloader = dict(
    dataset=dict(
        source=dict(pipeline=source_pipeline),
        target=dict(pipeline=target_pipeline),
    )
)
