"""Accuracy: what the cameras' analysis and the shipped rules make of labelled clips, against their labels."""
