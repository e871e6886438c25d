"""Keys of copies are free, distinct and possible, whatever the names are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.filing.objects.plan import ObjectSite
from imgsort.filing.objects.planning import Surroundings, make_object_plan
from imgsort.filing.planning.plan import Follower, Placement
from imgsort.name_key import name_key
from imgsort.storage.addresses import Address
from imgsort.storage.keys import MAX_KEY_BYTES, why_unsafe

SITE = ObjectSite(Address("s3", "bucket", "in/"), Address("s3", "bucket", "out/"))
CHARACTERS = st.characters(blacklist_categories=("Cs",), blacklist_characters="/\0")
NAMES = st.text(CHARACTERS, min_size=1, max_size=300).filter(lambda name: not name.startswith("."))
IMAGES = st.tuples(st.sampled_from(["", "a/", "b/"]), NAMES, st.sampled_from("xyz"))


@settings(deadline=None)
@given(
    images=st.lists(IMAGES, max_size=8, unique=True),
    there=st.lists(st.sampled_from(["x", "X", "y", "x (2)"]), unique=True),
)
def test_no_two_copies_have_one_key(images, there):
    """Any names give distinct keys, in folders that nobody has yet; a key that is too long is a refusal."""
    placements = [
        Placement(folder + name, 1, 0, "c", category, followers=(Follower(f"{folder}{name}.xmp", 1, 0),))
        for folder, name, category in images
    ]
    marks = {path: "m" for one in placements for path in (one.source, f"{one.source}.xmp")}
    plan = make_object_plan(SITE, placements, marks, Surroundings(there, lambda _: []))
    targets = [copy.target for copy in plan.copies]
    assert len({name_key(target) for target in targets}) == len(targets)
    assert len(plan.copies) == 2 * (len(images) - len(plan.kept))
    for target in targets:
        assert why_unsafe(target) is None and len(f"out/{target}".encode()) <= MAX_KEY_BYTES
        assert name_key(target.partition("/")[0]) not in {name_key(name) for name in there}


def test_shared_folders_are_used():
    """A folder that anybody may have made is used, and names in it are not taken twice."""
    one = Placement("a.jpg", 1, 0, "c", "Outlayers")
    there = Surroundings(["Outlayers"], lambda folder: ["A.jpg"])
    plan = make_object_plan(SITE, [one], {"a.jpg": "m"}, there, shared={"Outlayers"})
    assert [copy.target for copy in plan.copies] == ["Outlayers/a (2).jpg"]


def test_what_a_store_cannot_copy_stays():
    """An object of more than 5 GiB stays with its unit, and is named."""
    one = Placement("a.jpg", 1, 0, "c", "x", followers=(Follower("a.mov", 6 * 1024**3, 0),))
    plan = make_object_plan(SITE, [one], {"a.jpg": "m", "a.mov": "n"}, Surroundings([], lambda _: []))
    assert not plan.copies and "5 GiB" in plan.kept[0].reason
