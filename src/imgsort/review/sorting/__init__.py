"""The sorting that a person reviews: its groups, the corrections, and the steps that undo takes back."""
