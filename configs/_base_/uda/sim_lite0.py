# SIM for a CPU, with discriminators as small as those of phfa_lite0.py.
_base_ = './phfa_lite0.py'
uda_model = dict(type='SIM')
