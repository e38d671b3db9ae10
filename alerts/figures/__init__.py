"""What the room had to bear and how it did, counted from the journal."""
