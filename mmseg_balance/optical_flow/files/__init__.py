"""Files of flow, by their suffix."""
