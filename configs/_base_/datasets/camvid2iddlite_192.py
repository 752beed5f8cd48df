# CamVid -> IDD-Lite, crops of 192 x 192, with rare class sampling. Its
# statistics are made by
# mmseg-balance data class-stats data/camvid2iddlite/source/labels/train \
#     --num-classes 7 --suffix .png --out-dir data/camvid2iddlite_stats
_base_ = ['./pipelines_192.py', './pair_camvid2iddlite.py']
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        rare_class_sampling=dict(
            # of 7 classes 0.01 would draw for the rarest alone
            class_temp=0.05,
            min_pixels=200,
            min_crop_ratio=0.5,
            stats_dir='data/camvid2iddlite_stats',
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
