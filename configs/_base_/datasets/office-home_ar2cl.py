# Office-Home, art -> clip art; the other pairs differ in `domain` alone: Ar,
# Cl, Pr, Rw. Training takes random parts of the images, resized bilinearly.
_base_ = './pipelines_objects_224.py'
__root = 'data/office_home'
crop = dict(type='RandomResizedCrop', scale=224)
source_pipeline = _base_.source_pipeline
source_pipeline[2] = crop
target_pipeline = _base_.target_pipeline
target_pipeline[2] = crop
__target = dict(type='OfficeHomeDataset', data_root=__root, domain='Cl')
train_dataloader = dict(
    batch_size=24,
    dataset=dict(
        source=dict(
            type='OfficeHomeDataset',
            data_root=__root,
            domain='Ar',
            pipeline=source_pipeline,
        ),
        target=dict(__target, pipeline=target_pipeline),
    ),
)
val_dataloader = dict(dataset=__target)
test_dataloader = val_dataloader
