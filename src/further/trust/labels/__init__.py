"""Label audit: which boxes around objects are likely wrong, and how large their share is."""
