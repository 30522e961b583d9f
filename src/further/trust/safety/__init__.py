"""What to do where a model is not sure: abstention, guaranteed sets, and tests for new data."""
