# The head of DAFormer on the pyramid of a plain transformer.
_base_ = './daformer_mit-b5.py'
_base_.model.segmentor.pop('backbone')
model = dict(segmentor=dict(decode_head=dict(in_channels=[256] * 4)))
