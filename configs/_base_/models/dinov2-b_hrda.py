_base_ = ['./vit_hrda.py', './dinov2-b.py']
model = dict(segmentor=dict(backbone=_base_.pop('vit')))
