# Carrots, crops of 256 x 256, with rare class sampling. Its statistics are
# made by
# mmseg-balance data class-stats data/carrots_rgb2nir/source/labels/train \
#     --num-classes 3 --suffix .png --out-dir data/carrots_rgb_stats
_base_ = ['./pipelines_256.py', './pair_carrots-rgb2nir.py']
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        rare_class_sampling=dict(
            # of 3 classes 0.01 would draw for the rarest alone
            class_temp=0.1,
            min_pixels=300,
            min_crop_ratio=0.5,
            stats_dir='data/carrots_rgb_stats',
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
