# GBW as published, and on the classifier of Mask R-CNN's box head as well.
# Which losses of EDAPS the authors weighed is not public.
_base_ = './gbw.py'
balance_model = dict(
    segmentor=dict(
        instance_head=dict(
            roi_head=dict(
                bbox_head=dict(
                    loss_cls=dict(
                        type='mmseg.RoIClassificationLoss',
                        criterion=dict(type='GBWLoss', mode='released'),
                    )
                )
            )
        )
    )
)
