"""The same with rare class sampling."""

_base_ = './own_data.py'
train_dataloader = dict(
    dataset=dict(
        rare_class_sampling=dict(
            class_temp=0.1, min_pixels=300, stats_dir='data/own/sim_stats'
        )
    )
)
