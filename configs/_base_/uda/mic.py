# MIC on top of a config of HRDA, crops of 1024 x 1024.
uda_model = dict(
    type='MIC',
    masked_consistency=dict(block_size=64, mask_ratio=0.7, loss_weight=1.0),
)
