"""What can be known of a setting without labels of the target."""
