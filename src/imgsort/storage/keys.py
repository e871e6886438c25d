"""Says which keys of objects can be addressed safely, and why others cannot. A key may be any text."""

MAX_KEY_BYTES = 1024


def why_unsafe(path: str) -> str | None:
    """Return why the object with this key, relative to an address, is left alone; None if it can be addressed.

    Programs on the way to a store change `..`, `.` and empty parts of a key, and so would ask for another object. And
    what is copied to a disk later must not leave its folder.
    """
    parts = path.split("/")
    if any(part in (".", "..") for part in parts):
        return "its key has a part . or .., which programs on the way to the store may change"
    if "" in parts:
        return "its key has an empty part, which programs on the way to the store may leave out"
    if "\0" in path:
        return "its key has a zero byte, which no path can have"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "its key is no text in UTF-8, and a store has no other keys"
    return None
