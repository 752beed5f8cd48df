# DINOv2 ViT-S/14.
_base_ = './dinov2-b.py'
vit = dict(model_name='vit_small_patch14_dinov2.lvd142m')
