# Logit adjustment of classifiers, by the source labels seen so far.
_base_ = './logit-adjustment.py'
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(num_classes=12, counts='online'))
    )
)
