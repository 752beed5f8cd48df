# DINOv2 ViT-B/14 of timm, four of its blocks. Patches of 16 pixels, for which
# its patch embeddings are resampled, divide crops of 512 and 1024.
# Weights of a file: pretrained=False and
# init_cfg=dict(type='Pretrained', checkpoint='vit.safetensors').
vit = dict(
    type='TimmViTPyramid',
    model_name='vit_base_patch14_dinov2.lvd142m',
    patch_size=16,
    img_size=512,
    out_indices=(2, 5, 8, 11),
    out_channels=256,
    pretrained=True,
)
