# CDAC on Cityscapes: DAFormer whose attention is consistent across domains.
_base_ = './daformer.py'
uda_model = dict(type='CDAC')
