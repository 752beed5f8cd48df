# MIC of classifiers: masked images on SDAT, with a schedule sam_*.py. The
# numbers are those of ResNet-101 on VisDA-2017; ViT-B/16 and Office-Home have
# mcc.temperature=2.0 and pseudo_weighting='confidence'.
_base_ = './self_training.py'
uda_model = dict(
    type='ClassificationMIC',
    mcc=dict(temperature=3.0),
    cdan=dict(hidden=1024),
    masked_consistency=dict(
        block_size=64,
        mask_ratio=0.7,
        # The public code draws once a run whether to jitter and to blur, and
        # with the seeds of its scripts does both.
        augmentation=dict(
            jitter_strength=0.2, jitter_probability=1.0, blur_probability=1.0
        ),
        # Its second pass of SAM, whose gradient is the step's, has weight 1.
        weighted_passes=(1,),
    ),
    alpha=0.9,
)
