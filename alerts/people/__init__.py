"""What residents, wardens and the patrol report, and what they are thanked with."""
