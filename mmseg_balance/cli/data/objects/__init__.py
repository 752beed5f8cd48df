"""Commands on data sets of images that have a label each."""
