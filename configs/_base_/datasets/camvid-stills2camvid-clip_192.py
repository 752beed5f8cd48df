# CamVid's stills -> its clip, crops of 192 x 192, single images, with rare
# class sampling. Its statistics are those of camvid-day2camvid-dusk_192.py.
_base_ = ['./pipelines_192.py', './pair_camvid-stills2camvid-clip.py']
train_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_train'),
        rare_class_sampling=dict(
            class_temp=0.01,
            min_pixels=400,
            min_crop_ratio=0.5,
            stats_dir='data/camvid_day_stats',
        ),
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
