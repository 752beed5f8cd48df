# TPS as published, without teacher.
_base_ = ['./no_teacher.py', './temporal.py']
uda_model = dict(type='TPS', **_base_.pop('temporal_model'))
