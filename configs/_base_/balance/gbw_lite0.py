# GBW of a small network in a short run.
_base_ = './gbw_normalized.py'
balance_hooks = [dict(type='ClassWeightsHook', interval=10)]
