"""From a command line to a run: its settings, folders and provenance."""
