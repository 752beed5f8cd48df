# MIC in runs of 500 iterations: gradients are reversed by as much of them
# as after as large a part of 30,000.
_base_ = './classifier_mic.py'
uda_model = dict(
    cdan=dict(hidden=256, max_iters=17),
    # four blocks along a side, as there are in images of 224 pixels
    masked_consistency=dict(
        block_size=16,
        norm_statistics=False,  # the backbone has batch norms
    ),
)
