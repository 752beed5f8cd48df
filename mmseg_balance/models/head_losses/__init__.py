"""Training predictions of decode heads, and their losses."""
