"""The commands, as Click sees them: each converts its arguments, calls one function of `imgsort.jobs`, and prints."""
