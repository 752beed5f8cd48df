# Toy streets: the rate was chosen on held-out source images, see
# docs/benchmarks.md.
_base_ = './adamw_500.py'
optim_wrapper = dict(optimizer=dict(lr=2e-03))
