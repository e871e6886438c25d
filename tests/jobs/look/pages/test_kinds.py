import pytest

from imgsort.jobs.look.pages.kinds import kind_of


@pytest.mark.parametrize(
    ("folder", "command", "kind"),
    [
        ("category_1", "categorize", "category"),
        ("Unsorted", "categorize", "unsorted"),
        ("a/Unsorted", "categorize", "unsorted"),
        ("Outlayers", "outliers", "outliers"),
        (None, "outliers", "stays"),
        ("blurred", "check", "rejected"),
        ("cats", "classify", "class"),
        ("Unsure", "classify", "unsure"),
        ("Unsure", "plan", "unsure"),
        ("Rejected/blurred", "plan", "rejected"),
        ("there/Rejected/too-small", "plan", "rejected"),
        ("Rejected ones", "plan", "category"),
        ("Beach", "plan", "category"),
    ],
)
def test_kind_of_a_folder(folder, command, kind):
    """A folder's kind says what it is for."""
    assert kind_of(folder, command) == kind
