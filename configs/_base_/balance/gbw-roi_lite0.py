# The same of a small network in a short run, with weights that follow.
_base_ = './gbw-roi.py'
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(mode='normalized')),
        instance_head=dict(
            roi_head=dict(
                bbox_head=dict(
                    loss_cls=dict(criterion=dict(mode='normalized'))
                )
            )
        ),
    )
)
balance_hooks = [dict(type='ClassWeightsHook', interval=10)]
