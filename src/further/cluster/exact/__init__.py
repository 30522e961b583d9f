"""Exact k-means on compiled code."""
