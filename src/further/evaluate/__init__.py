"""What samples are worth on held-out data: metrics, intervals and flags; knows arrays, not models."""
