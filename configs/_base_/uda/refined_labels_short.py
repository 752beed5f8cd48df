# The same in a run of 300 iterations.
_base_ = './refined_labels.py'
refinement_model = dict(pseudo_refinement=dict(start=50))
