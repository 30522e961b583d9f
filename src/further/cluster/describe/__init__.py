"""What the clusters are."""
