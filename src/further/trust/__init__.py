"""What to trust: the diagnosis of learning curves (:mod:`further.trust.doctor`)."""
