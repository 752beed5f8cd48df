# EDAPS: DAFormer whose student finds instances, too.
_base_ = './daformer.py'
uda_model = dict(type='EDAPS')
