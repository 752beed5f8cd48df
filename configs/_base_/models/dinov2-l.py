# DINOv2 ViT-L/14, its blocks computed anew in the backward pass.
_base_ = './dinov2-b.py'
vit = dict(
    model_name='vit_large_patch14_dinov2.lvd142m',
    out_indices=(7, 11, 15, 23),
    with_cp=True,
)
