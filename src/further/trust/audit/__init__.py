"""Audit of predictions by group: how they differ, where they are wrong, what a threshold does."""
