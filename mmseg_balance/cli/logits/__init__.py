"""Commands on distributions of logits."""
