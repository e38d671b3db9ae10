"""Rules on trial: tests as data, mutation, backtests, and why one rang or did not."""
