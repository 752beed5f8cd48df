# DINOv2 ViT-L/14 as it is, and low-rank updates of its attention.
_base_ = './dinov2-l.py'
vit = dict(adapter=dict(type='LoRA', rank=16, alpha=16))
