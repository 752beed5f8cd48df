# CamVid's stills -> its clip, crops of 192 x 192, single images.
_base_ = ['./pipelines_192.py', './pair_camvid-stills2camvid-clip.py']
train_dataloader = dict(dataset=_base_.pop('pair_train'))
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
