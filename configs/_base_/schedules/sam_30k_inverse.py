# SDAT (ICML 2022) and MIC on it: sgd_30k_inverse.py by the gradient at the
# worst weights within 0.02.
_base_ = './sgd_30k_inverse.py'
optim_wrapper = dict(type='SAMOptimWrapper', rho=0.02)
