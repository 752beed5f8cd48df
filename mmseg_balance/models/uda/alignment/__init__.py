"""What the alignment of objects' features is made of."""
