# VIPER -> Cityscapes-Seq, crops of 1024 x 1024 at the full resolution (HRDA).
_base_ = [
    './pipelines_1024.py',
    './pair_viper2cityscapes-seq.py',
    '../balance/rcs.py',
]
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        # a crop shows four times the pixels of one of 512 x 512
        rare_class_sampling=dict(
            _base_.pop('balance_sampling'), min_crop_ratio=2.0
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
