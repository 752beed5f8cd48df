# Blood cells, crops of 96 x 96, with rare class sampling. Its statistics are
# made by
# mmseg-balance data class-stats \
#     data/wbc_tecom2cellavision/source/labels/train \
#     --num-classes 3 --suffix .png --out-dir data/wbc_tecom_stats
_base_ = ['./pipelines_wbc_96.py', './pair_wbc-tecom2cellavision.py']
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        rare_class_sampling=dict(
            # of 3 classes 0.01 would draw for the rarest alone
            class_temp=0.1,
            min_pixels=30,
            min_crop_ratio=0.5,
            stats_dir='data/wbc_tecom_stats',
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
