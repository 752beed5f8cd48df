# Rare class sampling (DAFormer): an image of a rare class is drawn more often.
balance_sampling = dict(class_temp=0.01, min_pixels=3000, min_crop_ratio=0.5)
