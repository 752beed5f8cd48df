"""Files: walking, writing, hashing; weights; disk space."""
