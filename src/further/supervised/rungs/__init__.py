"""The rungs of the ladder: predictors from the most transparent to the most opaque."""
