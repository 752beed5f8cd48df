"""Commands on checkpoints: from and to other code."""
