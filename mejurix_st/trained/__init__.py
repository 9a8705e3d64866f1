"""trained."""
