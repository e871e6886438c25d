"""Files everything that is in an inbox as one batch. A review shows what `watch` would do."""

from pathlib import Path
from typing import Any

from imgsort.images.finding.find import find_images, require_folder
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.listener import Listener
from imgsort.jobs.results import FilingResult
from imgsort.jobs.watch.filer import category_filer, classifier_filer
from imgsort.sidecar_names.rules import SidecarRules

_RULES = ("exclude", "include", "follow_links")


def file_one_batch(
    inbox: str | Path,
    *,
    output: str | Path,
    classifier: str | Path | None = None,
    confidence: float | None = None,
    listener: Listener | None = None,
    **options: Any,
) -> FilingResult:
    """File all images directly in `inbox`, by the `classifier`, or without one into the categories of `output`.

    `options`: those of the filers. Raises ImgsortError, as `classify` or `categorize` with `update` does.
    """
    rules = Rules(**{name: options[name] for name in _RULES if name in options})
    sidecar_rules = SidecarRules.of(options.get("sidecar_patterns", ()))
    listing = find_images(require_folder(Path(inbox)), rules=rules, sidecar_rules=sidecar_rules)
    names = [file.path for file in listing.files] + [row.path for row in listing.unreadable]
    if classifier is None:
        filer = category_filer(inbox, into=output, **options)
    else:
        filer = classifier_filer(inbox, classifier=classifier, output=output, confidence=confidence, **options)
    with filer:
        return filer.file(names, listener)
