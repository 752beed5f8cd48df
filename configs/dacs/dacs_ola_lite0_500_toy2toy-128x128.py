# BLDA without density estimation: online logits adjustment alone (Table 4).
_base_ = ['./dacs_blda_lite0_500_toy2toy-128x128.py']
model = dict(density_estimation=None)
