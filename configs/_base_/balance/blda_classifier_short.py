# The same in a run of 500 iterations: mixtures have their momentum after as
# large a part of it as in the paper's 40,000.
_base_ = './blda_classifier.py'
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(warmup=20, min_samples=50))
    )
)
