"""A week in the village that this hub is sized on, simulated: ordinary life, what rings falsely, and what is true."""
