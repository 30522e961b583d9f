"""What ``evaluation.json`` of a clustering holds."""
