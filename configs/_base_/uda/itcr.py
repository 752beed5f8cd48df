# Intra-domain temporal consistency of DA-VSN, without teacher. The target's
# pipeline loads pairs of frames, and model.segmentor.data_preprocessor.type
# is 'FrameDataPreProcessor'.
_base_ = './no_teacher.py'
uda_model = dict(type='ITCR', temporal_consistency=dict(loss_weight=0.001))
