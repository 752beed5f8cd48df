"""Networks that tell source from target."""
