"""Who is told of what, how it is said, and how it gets there."""
