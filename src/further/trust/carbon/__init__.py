"""What runs cost the climate, and what less would have cost in quality."""
