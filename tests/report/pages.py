"""Makes page data and thumbnails for the tests of reports."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from imgsort.report.page_data import (
    ClassFigures,
    CurveSection,
    Duplicates,
    EvaluationSection,
    FindingRow,
    Findings,
    Group,
    Images,
    Made,
    MistakeRow,
    OutlierRow,
    Outliers,
    PageData,
    TableSection,
)

HOSTILE = (
    "<img src=x onerror=alert(1)>.jpg",
    "</script><script>alert(2)</script>.jpg",
    "line\u2028end\u2029.jpg",
    "byte\udce9.jpg",
    "quote\"'&amp;.jpg",
    "<!--<script>.jpg",
    "\u202egnp.jpg",
)


COMPARED = ("model", "accuracy", "parameters", "")
REASON = "the weights of this model are not on this machine, and cannot be downloaded. " * 3


def webp(number: int, width: int = 96, height: int = 64) -> bytes:
    """Return a small picture as WebP. Its colour and its stripe tell which number it is of."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:] = (37 * number % 256, 91 * number % 256, 153 * number % 256)
    pixels[:, number % width] = 255
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "webp", quality=70)
    return packed.getvalue()


def page_of(count: int = 60, groups: int = 3, **more) -> PageData:
    """Return the data of a page like that of `categorize`: the larger a group's number, the fewer its images."""
    shares = np.arange(groups, 0, -1) / sum(range(1, groups + 1))
    of = np.searchsorted(np.cumsum(shares), (np.arange(count) + 0.5) / count)
    rng = np.random.default_rng(0)
    places = np.clip(np.stack([np.cos(of), np.sin(of)], 1) * 0.35 + 0.5 + rng.normal(size=(count, 2)) * 0.03, 0, 1)
    images = Images(
        names=[f"photos/{number:05}.jpg" for number in range(count)],
        groups=of.tolist(),
        distances=rng.random(count).tolist(),
        places=[(float(x), float(y)) for x, y in places],
    )
    made = Made(
        "imgsort categorize photos --report photos.html", (("model", "efficientnet-lite2"),), (("reading", 1.5),)
    )
    names = tuple(Group(f"category_{number + 1}", "category", 0.25) for number in range(groups))
    return replace(PageData("categorize", "photos", "planned", images, names, made), **more)


def with_names(page: PageData, names) -> PageData:
    """Return the page with these names for its first images, and for its groups as far as they go."""
    images = replace(page.images, names=[*names, *page.images.names[len(names) :]])
    groups = tuple(replace(group, name=name) for group, name in zip(page.groups, names, strict=False))
    return replace(page, images=images, groups=groups)


def full_page() -> PageData:
    """Return a page that has every section."""
    page = page_of(60, 2)
    classes = ("category_1", "category_2")
    return replace(
        page,
        outliers=Outliers((OutlierRow(5, 1, 9.5, -9.5, 7, "category_2"),), (9.5, 3.0, 2.0, 1.0), 5.0),
        findings=Findings(
            {
                "blurred": (
                    FindingRow(3, "photos/00003.jpg", 12.5, 40.0),
                    FindingRow(None, "gone.jpg", detail="cut short"),
                )
            },
            (Duplicates(8, (9, 10)),),
        ),
        evaluation=EvaluationSection(
            classes,
            (((0, 1, 2), (3, 4)), ((), (40, 41))),
            tuple(ClassFigures(name, 0.9, 0.8, 0.85, 5) for name in classes),
            0.714,
            (MistakeRow(3, *classes, 0.97, 60),),
        ),
        curves=(
            CurveSection("loss", "epoch", {"train": (1.0, 0.5), "validation": (float("nan"), 0.8)}),
            CurveSection("images above a confidence", "confidence, %", {"share": (1.0, 0.9, 0.2)}, first=0),
        ),
        tables=(TableSection("Models", COMPARED, (("lite0", 1.0, 1234567, ""), ("lite2", None, None, REASON))),),
    )
