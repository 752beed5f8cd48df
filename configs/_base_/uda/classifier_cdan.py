# CDAN of classifiers, without entropy conditioning.
_base_ = './no_teacher.py'
uda_model = dict(type='CDANAdaptation', cdan=dict(hidden=1024))
