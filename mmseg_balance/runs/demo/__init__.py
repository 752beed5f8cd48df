"""What the demo shows of its runs."""
