"""How many pixels of each class each label image has."""
