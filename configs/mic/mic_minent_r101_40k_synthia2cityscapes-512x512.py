_base_ = ['../minent/minent_r101_40k_synthia2cityscapes-512x512.py']
model = dict(
    alpha=0.999,
    # half of that of HRDA, at half the resolution
    masked_consistency=dict(block_size=32, mask_ratio=0.7, loss_weight=1.0),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
]
