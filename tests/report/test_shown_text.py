import pytest

from imgsort.report.shown_text import shown, shown_tree


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("a\nb\x1b[31m", "a\\u000ab\\u001b[31m"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("é 写真 👩\u200d🔬 a<b>&", "é 写真 👩\u200d🔬 a<b>&"),
    ],
)
def test_what_misleads_is_an_escape(text, expected):
    """Characters that turn the order of letters, and control characters, are escapes; all others stay."""
    assert shown(text) == expected
    assert shown_tree({"a": [text, {text: (1, None)}]}) == {"a": [expected, {expected: [1, None]}]}
