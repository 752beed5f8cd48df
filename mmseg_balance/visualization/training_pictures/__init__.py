"""Pictures of what a training learns from: its images, labels and maps."""
