_base_ = [
    '../_base_/models/mit-tiny_daformer.py',
    '../_base_/datasets/toy2toy_192.py',
    '../_base_/schedules/adamw_300.py',
    '../_base_/uda/self_training.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='CDAC',
    alpha=0.99,  # 0.999 would average over all of the 300 iterations
    feature_distance=None,  # features of random weights are no guide
)
# that of the schedule was chosen with a network of convolutions
optim_wrapper = dict(optimizer=dict(lr=2e-04))
