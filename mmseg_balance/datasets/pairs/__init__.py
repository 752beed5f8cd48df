"""Source and target images, drawn and packed together."""
