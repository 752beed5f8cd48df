# GTA -> Cityscapes with rare class sampling (DAFormer).
_base_ = './gta2cityscapes.py'
train_dataloader = dict(
    dataset=dict(
        rare_class_sampling=dict(
            class_temp=0.01, min_pixels=3000, min_crop_ratio=0.5
        )
    )
)
