# sgd_200k_phfa.py, and Adam for the discriminators.
_base_ = './sgd_200k_adversarial.py'
optim_wrapper = dict(student=dict(optimizer=dict(lr=1e-04)))
