# Adam for the discriminators, beside the optimizer of the student.
adversarial_optim = dict(
    constructor='AdversarialOptimWrapperConstructor',
    discriminator=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=1e-04, betas=(0.9, 0.99)),
    ),
)
adversarial_decay = dict(
    type='PolyLR',
    power=0.9,
    eta_min=0.0,
    begin=0,
    end=40001,
    by_epoch=False,
)
