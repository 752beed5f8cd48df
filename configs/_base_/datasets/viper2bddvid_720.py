# VIPER -> BDDVid, crops of 720 x 720 (HRDA).
_base_ = [
    './pipelines_720.py',
    './pair_viper2bddvid.py',
    '../balance/rcs.py',
]
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        rare_class_sampling=dict(
            _base_.pop('balance_sampling'), min_crop_ratio=2.0
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
val_evaluator = _base_.pop('pair_evaluator')
test_evaluator = val_evaluator
