"""What rules are written in: read, checked, bounded and put in words; nothing here runs them."""
