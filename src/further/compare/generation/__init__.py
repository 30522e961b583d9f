"""Generative models compared under one budget."""
