"""Types of arguments that are imgsort's own."""

from typing import Any

import click


class GivenPath(click.Path):
    """A path that is not empty: an unset variable in a script must not become the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the argument into a Path."""
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class AutoOr(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """Either `auto` or what another type takes."""

    def __init__(self, other: Any) -> None:
        self.other = other
        self.name = f"auto|{other.name}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Leave `auto` as it is."""
        return value if value == "auto" else self.other.convert(value, param, ctx)


class ModelNames(click.Choice):  # type: ignore[type-arg]
    """A model of the table, which is read when a command needs it: `imgsort --help` needs none."""

    def __init__(self) -> None:
        self.case_sensitive = True

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the table, in its order."""
        from imgsort.jobs.upkeep.models import model_names

        return model_names()


class LearnableNames(ModelNames):
    """A network that can be trained, likewise."""

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the models that classifiers are trained on, the default first."""
        from imgsort.jobs.learn.steps.settings import learnable_names

        return learnable_names()


class Shares(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """Three shares, as 70/15/15."""

    name = "shares"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the text into three numbers."""
        if isinstance(value, tuple):
            return value
        try:
            first, second, third = (float(share) for share in value.split("/"))
        except ValueError:
            self.fail(f"{value!r} is not three numbers, as 70/15/15", param, ctx)
        return first, second, third


class Names(click.ParamType):  # type: ignore[type-arg]
    """Names of models with commas between them."""

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
