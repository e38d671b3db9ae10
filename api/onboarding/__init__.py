"""Onboarding: how cameras and sensors get in: looked for, tried, read from a spreadsheet, copied from a neighbour."""
