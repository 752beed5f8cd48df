# https://github.com/lhoyer/MIC for adversarial training: SGD with one rate
# for all, and the warm-up and the decay of DAFormer.
_base_ = './adamw_40k.py'
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=2.5e-03, momentum=0.9, weight_decay=0.0005),
)
