_base_ = ['./vit_daformer.py', './dinov2-s.py']
model = dict(segmentor=dict(backbone=_base_.pop('vit')))
