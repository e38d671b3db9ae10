"""Evidence: copies of recordings beside an incident, named by hash in a manifest that the hub signs."""
