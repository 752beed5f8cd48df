# MIC on top of a method that keeps no teacher, crops of 512 x 512.
_base_ = './mic_512.py'
uda_model = dict(
    alpha=0.999,
    masked_consistency=_base_.pop('uda_model').masked_consistency,
)
uda_hooks = [dict(type='TeacherUpdateHook')]
