"""The page of models that predict: what transparency costs, in whose terms, and where they err."""
