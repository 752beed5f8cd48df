# Rare class sampling: an image of a rare class is drawn more often.
_base_ = ['./dacs_lite0_2k_camvid-day2camvid-dusk-192x192.py']
train_dataloader = dict(
    dataset=dict(
        rare_class_sampling=dict(
            _delete_=True,
            class_temp=0.01,
            min_pixels=400,
            min_crop_ratio=0.5,
            stats_dir='data/camvid_day_stats',
        )
    )
)
