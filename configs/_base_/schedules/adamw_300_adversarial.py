# adamw_300.py, and Adam for the discriminators.
_base_ = './adamw_300.py'
optim_wrapper = dict(
    _delete_=True,
    constructor='AdversarialOptimWrapperConstructor',
    student={{_base_.optim_wrapper}},
    discriminator=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=1e-04, betas=(0.9, 0.99)),
    ),
)
param_scheduler = dict(
    _delete_=True,
    student={{_base_.param_scheduler}},
    discriminator=[
        dict(
            type='PolyLR',
            power=0.9,
            eta_min=0.0,
            begin=0,
            end=301,
            by_epoch=False,
        ),
    ],
)
