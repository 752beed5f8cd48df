# sgd_500_inverse.py by the gradient at the worst weights within 0.02.
_base_ = './sgd_500_inverse.py'
optim_wrapper = dict(type='SAMOptimWrapper', rho=0.02)
