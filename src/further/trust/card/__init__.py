"""The model card: what a model must not be used for, and who is accountable."""
