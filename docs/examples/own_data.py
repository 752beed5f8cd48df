"""Two folders of your own, four classes: DACS + BLDA."""

_base_ = [
    'mmseg_balance::_base_/models/lite0_segformer.py',
    'mmseg_balance::_base_/schedules/adamw_300.py',
    'mmseg_balance::_base_/uda/self_training.py',
    'mmseg_balance::_base_/default_runtime.py',
]
crop_size = (128, 160)  # height, width
own = dict(
    type='FolderDataset',
    data_root='data/own',
    img_suffix=('.jpg', '.png'),
    seg_map_suffix='.png',
    reduce_zero_label=True,  # 0 is unlabelled, 1 to 4 become 0 to 3
    metainfo=dict(classes=('ground', 'road', 'car', 'person')),
)
load, pack = dict(type='LoadImageFromFile'), dict(type='PackSegInputs')
labels, flip = dict(type='LoadAnnotations'), dict(type='RandomFlip', prob=0.5)
crop = dict(type='RandomCrop', crop_size=crop_size)
source = dict(**own, pipeline=[load, labels, crop, flip, pack])
source['data_prefix'] = dict(img_path='sim/images', seg_map_path='sim/labels')
target = dict(**own, pipeline=[load, crop, flip, pack])
target['data_prefix'] = dict(img_path='camera/images')
val = dict(**own, pipeline=[load, labels, pack])
val['data_prefix'] = dict(img_path='val/images', seg_map_path='val/labels')
sampler = dict(type='ResumableInfiniteSampler', shuffle=True)
train_dataloader = dict(batch_size=2, num_workers=2, sampler=sampler)
train_dataloader['dataset'] = dict(
    type='UDADataset', source=source, target=target
)
val_dataloader = dict(batch_size=1, num_workers=2, dataset=val)
val_dataloader['sampler'] = dict(type='DefaultSampler', shuffle=False)
test_dataloader, test_pipeline = val_dataloader, val['pipeline']
val_evaluator = test_evaluator = dict(type='BalancedIoUMetric')
loss = dict(type='BLDALoss', num_classes=4, tau=0.1)
head = dict(num_classes=4, loss_decode=loss)
segmentor = dict(data_preprocessor=dict(size=crop_size), decode_head=head)
model = dict(type='DACS', segmentor=segmentor)
custom_hooks = [*_base_.custom_hooks, dict(type='GMMUpdateHook')]  # of BLDA
