# The frame before has a say in pseudo-labels, on top of a method that has
# such. The target's pipeline loads pairs of frames, and
# model.segmentor.data_preprocessor.type is 'FrameDataPreProcessor'.
refinement_model = dict(pseudo_refinement=dict(rule='consistency', start=1500))
