"""Runs compared: over seeds, and pair by pair."""
