"""What makes images of the source domain look like those of the target."""
