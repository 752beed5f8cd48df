# ViT-B/16 of timm, of which the class token counts. Dropout and drop path are
# 0, and images are normalised as ImageNet's, not as this network was trained.
_base_ = './classifier.py'
model = dict(
    segmentor=dict(
        backbone=dict(
            type='TIMMBackbone',
            model_name='vit_base_patch16_224.augreg_in21k_ft_in1k',
            features_only=False,
            num_classes=0,
            pretrained=True,
        ),
        decode_head=dict(in_channels=768, pool='token'),
    )
)
