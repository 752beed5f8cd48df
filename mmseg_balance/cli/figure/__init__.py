"""``mmseg-balance figure ...``."""
