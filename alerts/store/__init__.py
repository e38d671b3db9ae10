"""What alerts keep in the database, one file a noun; nothing else here speaks SQL."""
