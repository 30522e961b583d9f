"""Bias that no label shows: whom generators leave out, what restorations and texts assume."""
