# GBW as published, for a network with a second classifier.
_base_ = './gbw.py'
balance_model = dict(
    segmentor=dict(auxiliary_head=_base_.balance_model.segmentor.decode_head)
)
