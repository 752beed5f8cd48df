# VisDA-2017 by a ViT: half as long.
_base_ = './sgd_30k_inverse.py'
train_cfg = dict(max_iters=15000)
