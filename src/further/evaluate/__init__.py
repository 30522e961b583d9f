"""What samples are worth on held-out data: metrics, intervals, flags. Knows arrays, not models."""
