# Weights inverse to the number of source pixels of a class.
_base_ = './inverse-image.py'
balance_model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(unit='pixels')))
)
