_base_ = ['./vit_daformer.py', './dinov2-b.py']
model = dict(segmentor=dict(backbone=_base_.pop('vit')))
