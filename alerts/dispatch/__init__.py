"""Who answers for a place, and who is sent there."""
