"""Resizing and cropping against public numbers: Pillow's, torchvision's."""
