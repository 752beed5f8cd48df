# DINOv3 ViT-B/16 of timm, four of its blocks.
vit = dict(
    type='TimmViTPyramid',
    model_name='vit_base_patch16_dinov3.lvd1689m',
    out_indices=(2, 5, 8, 11),
    out_channels=256,
    pretrained=True,
)
