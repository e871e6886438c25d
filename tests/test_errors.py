"""The tree of error classes."""

from imgsort import errors


def test_every_error_is_drawn_and_has_an_exit_code():
    """The module's docstring names every error class, and all classes descend from ImgsortError.

    Each class has one of the known exit codes.
    """
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    for value in classes:
        assert issubclass(value, errors.ImgsortError)
        assert value.__name__ in errors.__doc__
        assert value.exit_code in (1, 2, 3, 4, 130)
