# SDAT: CDAN and MCC, with a schedule sam_*.py.
_base_ = './no_teacher.py'
uda_model = dict(
    type='SDAT', mcc=dict(temperature=3.0), cdan=dict(hidden=1024)
)
