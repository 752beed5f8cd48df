# The same in a run of 2,000 iterations: as large a part of it.
_base_ = './refined_labels.py'
refinement_model = dict(pseudo_refinement=dict(start=75))
