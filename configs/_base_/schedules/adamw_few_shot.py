# Runs on few target images, of a small network on a CPU. All of these configs
# take their numbers from here.
_base_ = './adamw_500.py'
optim_wrapper = dict(optimizer=dict(lr=1e-03))
