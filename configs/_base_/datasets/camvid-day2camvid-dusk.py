# CamVid, day sequences -> dusk sequence: 11 classes, real images, few targets.
_base_ = ['./pipelines_256.py', './pair_camvid-day2camvid-dusk.py']
train_dataloader = dict(dataset=_base_.pop('pair_train'))
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
