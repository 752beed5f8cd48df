# CamVid, day sequences -> dusk sequence: 11 classes, real images, few targets.
_base_ = ['./pipelines_256.py', './pair_camvid-day2camvid-dusk.py']
train_dataloader = dict(dataset=_base_.pop('train_pair'))
val_dataloader = dict(dataset=_base_.pop('val_set'))
test_dataloader = val_dataloader
