"""What a training step launches on a GPU, counted on the meta device."""
