# BLDA without density estimation: online logits adjustment alone (Table 4).
_base_ = ['./dacs_blda_lite0_300_toy2toy-256x256.py']
model = dict(density_estimation=None)
_deprecation_ = dict(expected='dacs/dacs_ola_lite0_500_toy2toy-128x128.py')
