"""The types of arguments that imgsort defines itself."""

from pathlib import Path
from typing import Any

import click


class GivenPath(click.Path):
    """A path of this machine, which may be written `file://…`. It must not be empty.

    Otherwise an unset variable in a script would become the current folder.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the argument into a Path. An address in an object store is an error, and not a path of that name."""
        if value == "":
            self.fail("the path is empty", param, ctx)
        place = _place_of(self, value, param, ctx)
        if not isinstance(place, str | Path):
            self.fail(
                f"{place}: an object store cannot be used here. Give a path of this machine. `categorize`, `outliers`, "
                "`classify` and `embed` read images of a store; docs/object-stores.md shows how.",
                param,
                ctx,
            )
        return super().convert(place, param, ctx)


class Place(GivenPath):
    """A local path, `file://…`, or an address in an object store, such as s3://bucket/prefix."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the argument into a Path or an Address. No message repeats the credentials of an address."""
        place = _place_of(self, value, param, ctx)
        return super().convert(place, param, ctx) if isinstance(place, str | Path) else place


def _place_of(kind: click.Path, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
    """Return the Path or the Address that a text with `://` names, and any other value as it is."""
    if not isinstance(value, str) or "://" not in value:
        return value
    from imgsort.errors import UsageError
    from imgsort.jobs.scale.journals import place_of

    try:
        return place_of(value)
    except UsageError as error:
        kind.fail(str(error), param, ctx)


class AutoOr(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """Either `auto`, or a value of another type."""

    def __init__(self, other: Any) -> None:
        self.other = other
        self.name = f"auto|{other.name}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Keep `auto` as it is, and convert any other value."""
        return value if value == "auto" else self.other.convert(value, param, ctx)


class ModelNames(click.Choice):  # type: ignore[type-arg]
    """The name of a model of the table.

    The table is read only when a command needs it. `imgsort --help` does not need it.
    """

    def __init__(self) -> None:
        self.case_sensitive = True

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the models, in the order of the table."""
        from imgsort.jobs.upkeep.models import model_names

        return model_names()


class LearnableNames(ModelNames):
    """The name of a network that can be trained.

    The names are read only when a command needs them.
    """

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the models that classifiers are trained on, the default first."""
        from imgsort.jobs.learn.steps.settings import learnable_names

        return learnable_names()


class Shares(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """Three shares, for example 70/15/15."""

    name = "shares"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the text into three numbers."""
        if isinstance(value, tuple):
            return value
        try:
            first, second, third = (float(share) for share in value.split("/"))
        except ValueError:
            self.fail(f"{value!r} is not three numbers such as 70/15/15", param, ctx)
        return first, second, third


class Names(click.ParamType):  # type: ignore[type-arg]
    """Names of models, separated by commas."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the text into names."""
        if isinstance(value, tuple):
            return value
        names, known = tuple(name.strip() for name in value.split(",")), LearnableNames().choices
        unknown = [name for name in names if name not in known]
        if unknown:
            self.fail(f"there is no model {unknown[0]!r}; there are {', '.join(known)}", param, ctx)
        return names
