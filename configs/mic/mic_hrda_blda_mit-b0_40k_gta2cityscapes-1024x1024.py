_base_ = ['../hrda/hrda_blda_mit-b0_40k_gta2cityscapes-1024x1024.py']
model = dict(
    type='MIC',
    masked_consistency=dict(block_size=64, mask_ratio=0.7, loss_weight=1.0),
)
