"""Safety: when to say nothing, how sure a prediction is, and whether new data are still the same."""
