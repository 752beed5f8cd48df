"""Initial weights: their files, layouts, and how they are taken."""
