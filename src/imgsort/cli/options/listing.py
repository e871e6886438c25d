"""The options that say which images of a folder count, and which files go with them."""

import click

recursive = click.option("-r", "--recursive", is_flag=True, help="Also take the images in all subfolders.")
searched = click.option(
    "-r", "--recursive/--no-recursive", default=True, show_default=True, help="Search all subfolders too."
)
no_sidecars = click.option(
    "--no-sidecars", is_flag=True, help="Leave sidecars (.xmp, .json, RAW and so on) where they are."
)
sidecar = click.option(
    "--sidecar",
    "sidecar_patterns",
    multiple=True,
    metavar="PATTERN",
    help="Take further files along, for example '{stem}_mask.png' or '{name}.notes'. {name} is the image's name, "
    "{stem} the same without its suffix. May be given several times.",
)
rules = (
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave out files and folders that match, as in a .gitignore. May be given several times.",
    ),
    click.option(
        "--include",
        multiple=True,
        metavar="PATTERN",
        help="Take in what matches, even if it is a system folder or --exclude matches. May be given several times.",
    ),
    click.option(
        "--follow-links",
        is_flag=True,
        help="Also take links to image files. The link is filed, never the file that it leads to.",
    ),
)
