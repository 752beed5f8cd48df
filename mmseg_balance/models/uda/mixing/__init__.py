"""What strong augmentation is made of."""
