"""Models that find something in pictures, compared, trained, judged and asked about new ones."""
