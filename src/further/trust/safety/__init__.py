"""Safety: when to say nothing, how sure a prediction is, whether new data are still the same."""
