"""The parts of `imgsort audit`, which `imgsort train --audit` uses too."""
