"""Reports on models that find something in pictures."""
