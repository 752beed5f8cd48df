"""Rows of foundation models (VFM-UDA), of which there is no config.

VFM-UDA is Englert et al., CVPR workshops 2024 (arXiv 2406.09896),
https://github.com/tue-mps/vfm-uda at 598fdbc; VFM-UDA++ is Englert and
Dubbelman, ICCV workshops 2025 (arXiv 2503.10685),
https://github.com/tue-mps/vfm-uda-plusplus at 3af62c6, whose page has its
two numbers. Those of VFM-UDA follow from the gains that the abstracts name:
1.2 and 3.1 over MIC, and 1.4 of VFM-UDA++ over it.
"""

_RECIPE = (
    'published, not run: eight crops of 1024 a step at random scales, masked '
    'tokens, a teacher that sees each image twice and a convolution for a '
    'head; the nearest config is'
)
_ADAPTER = (
    'published, not run: it has the ViT-Adapter, trained on ImageNet, and '
    'distils features; the nearest config is'
)
NOT_BUILT = {
    'gta/vfm-uda-b': (
        f'VFM-UDA with DINOv2 ViT-B (77.1 mIoU), {_RECIPE} '
        'mic/mic_daformer_dinov2-b_40k_gta2cityscapes-512x512.py'
    ),
    'gta/vfm-uda-l': (
        'VFM-UDA with DINOv2 ViT-L (78.4 mIoU by the gain that VFM-UDA++ '
        f'names; 79.0 by that of VFM-UDA itself), {_RECIPE} '
        'mic/mic_daformer_dinov2-l_40k_gta2cityscapes-512x512.py'
    ),
    'gta/vfm-uda++': (
        f'VFM-UDA++ with DINOv2 ViT-L (79.8 mIoU), {_ADAPTER} '
        'mic/mic_hrda_dinov2-l_40k_gta2cityscapes-1024x1024.py'
    ),
    'synthia/vfm-uda++': (
        f'VFM-UDA++ with DINOv2 ViT-B (69.7 mIoU), {_ADAPTER} '
        'mic/mic_hrda_dinov2-b_40k_synthia2cityscapes-1024x1024.py'
    ),
}
"""Rows that there is no config of, and why."""
