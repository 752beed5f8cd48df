"""Labels of a target training set, by a model that has been trained."""
