# MIC of a small network on small crops.
_base_ = './mic.py'
uda_model = dict(
    masked_consistency=dict(
        block_size=32,
        norm_statistics=False,  # the backbone has batch norms
    )
)
