"""Shows results: as charts in PNG files, and as a page that any browser opens."""
