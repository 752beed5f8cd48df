# PHFA, Table I: a rate of 1e-4. (Its weight decay of "5 x 10^4" is the 5e-4 of
# the code that it cites; iterations, which it does not tell, are SIM's.)
_base_ = './sgd_200k.py'
optim_wrapper = dict(optimizer=dict(lr=1e-04))
