_base_ = [
    '../adaptsegnet/adaptsegnet_lite0_2k_camvid-day2camvid-dusk-192x192.py'
]
model = dict(
    alpha='auto',
    # the backbone has batch norms, which masked images would lead astray
    masked_consistency=dict(block_size=32, norm_statistics=False),
)
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
]
