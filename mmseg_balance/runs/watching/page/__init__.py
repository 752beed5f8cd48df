"""The page: HTML, its style and its script; nothing of other hosts."""
