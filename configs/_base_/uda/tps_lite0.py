# TPS of a small network on small crops.
_base_ = ['./no_teacher.py', './temporal_lite0.py']
uda_model = dict(type='TPS', **_base_.pop('temporal_model'))
