"""What the offsets of BLDA do to which pixels."""
