# AdaptSegNet (CVPR 2018), https://github.com/wasidennis/AdaptSegNet, stops
# later.
_base_ = './sgd_120k_adversarial.py'
train_cfg = dict(max_iters=150000, val_interval=10000)
