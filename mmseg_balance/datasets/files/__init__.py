"""Image and label files: names, folders, suffixes, values."""
