"""Audit: what a model's errors are in each group, and where it errs that nobody named."""
