"""Triton programs; importing one needs Triton."""
