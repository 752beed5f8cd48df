# BLDA of runs that are shorter, on crops that are smaller, than the paper's:
# warm-up and N_min are as large a part of both.
_base_ = './blda.py'
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(warmup='auto', min_samples='auto'))
    )
)
