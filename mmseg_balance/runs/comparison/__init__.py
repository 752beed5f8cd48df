"""Work folders compared: what they hold, and which are of one method."""
