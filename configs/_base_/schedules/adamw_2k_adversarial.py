# adamw_2k.py, and Adam for the discriminators.
_base_ = ['./adamw_2k.py', './discriminator.py']
optim_wrapper = dict(
    student=_base_.pop('optim_wrapper'), **_base_.pop('adversarial_optim')
)
param_scheduler = dict(
    student=_base_.pop('param_scheduler'),
    discriminator=[
        dict(
            _base_.pop('adversarial_decay'),
            end=_base_.train_cfg.max_iters + 1,
        )
    ],
)
