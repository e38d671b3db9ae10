"""What people work on: incidents, the table of moves with its guards and deadlines, and what is hidden on purpose."""
