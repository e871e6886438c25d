"""The options that say where images are looked at."""

import click

engine = (
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Where images are looked at: in this process, or by the workers of Ray, on one machine or many.",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="Ray cluster to join: auto or ray://HOST:PORT.  [default: a Ray on this machine, for this run alone]",
    ),
)
