# VIPER -> Cityscapes-Seq as TPS loads them: whole images of 1280 x 720 and
# 1024 x 512, one of each, with the frames before them; source images with the
# histograms of the target image; riders are persons. The frames before need
# leftImg8bit_sequence, and VIPER's of all numbers. Flow is computed when
# images are loaded; data_prefix.flow_path of the three data sets has it read
# from files, which mmseg-balance data flow CONFIG writes, or FlowNet2.
_base_ = ['./pipelines_512.py', './pair_viper2cityscapes-seq.py']
__frames = [
    dict(type='LoadPreviousFrame'),
    dict(type='LoadOpticalFlow'),
]
__resize = dict(type='ResizeFrames', scale=(1024, 512))
train_dataloader = dict(
    batch_size=1,
    dataset=dict(
        source=dict(
            _base_.pair_train.source,
            previous=1,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                *__frames,
                dict(type='ResizeFrames', scale=(1280, 720)),
                dict(type='HistogramStyle'),
                dict(type='PackFrameInputs'),
            ],
        ),
        target=dict(
            _base_.pair_train.target,
            previous=1,
            data_prefix=dict(
                img_path='leftImg8bit/train',
                prev_img_path='leftImg8bit_sequence/train',
            ),
            riders='person',
            pipeline=[
                dict(type='LoadImageFromFile'),
                *__frames,
                __resize,
                dict(type='PackFrameInputs'),
            ],
        ),
    ),
)
_base_.pop('pair_train')
val_dataloader = dict(
    dataset=dict(
        _base_.pop('pair_val'),
        previous=1,
        data_prefix=dict(
            img_path='leftImg8bit/val',
            prev_img_path='leftImg8bit_sequence/val',
            seg_map_path='gtFine/val',
        ),
        riders='person',
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            *__frames,
            __resize,
            # labels stay at their own size, at which predictions are scored
            dict(type='LoadAnnotations'),
            dict(type='PackFrameInputs'),
        ],
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(_base_.pop('pair_evaluator'), rule='davsn')
test_evaluator = val_evaluator
