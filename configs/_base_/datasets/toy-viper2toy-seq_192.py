# Toy streets that move, crops of 192 x 192, with rare class sampling.
_base_ = ['./pipelines_192.py', './pair_toy-viper2toy-seq.py']
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        rare_class_sampling=dict(
            class_temp=0.01, min_pixels=50, min_crop_ratio=0.5
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
