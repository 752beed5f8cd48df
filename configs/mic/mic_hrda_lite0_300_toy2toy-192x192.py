_base_ = ['../hrda/hrda_lite0_300_toy2toy-192x192.py']
model = dict(
    type='MIC',
    masked_consistency=dict(
        block_size=32,
        mask_ratio=0.7,
        loss_weight=1.0,
        norm_statistics=False,  # the backbone has batch norms
    ),
)
