"""The folders that programs and devices make for themselves. They are left out unless `--include` names them."""

from imgsort.name_key import name_key

# A `*` at the beginning or the end stands for anything. Names are compared in composed form and without case.
_TABLE = {
    "thumbnails and metadata that a network storage keeps": """
        @eaDir
        .@__thumb
        .wdmc
        .wdphotos
        appdata_oc*
    """,
    "deleted files": """
        #recycle
        @Recycle
        .recycle
        $RECYCLE.BIN
        RECYCLER
        RECYCLED
        .Trash*
        Network Trash Folder
        trashbox
        files_trashbin
        .dtrash
        .stversions
        files_versions
    """,
    "older states of the same files": """
        #snapshot
        @Recently-Snapshot
        .snapshot
        .snapshots
        ~snapshot
        .zfs
        Backups.backupdb
    """,
    "what a file system or an operating system keeps": """
        System Volume Information
        lost+found
        FOUND.0*
        $WINDOWS.~*
        Config.Msi
        .Spotlight-V100
        .fseventsd
        .DocumentRevisions-V100
        .TemporaryItems
        Temporary Items
        @tmp
        .AppleDouble
        __MACOSX
    """,
    "libraries and catalogs whose program loses what is moved out of them": """
        *.photoslibrary
        *.photolibrary
        *.migratedphotolibrary
        *.aplibrary
        *.apvault
        iPhoto Library
        Photo Booth Library
        *.imovielibrary
        *.fcpbundle
        *.tvlibrary
        *.theater
        *.lrdata
        *.lrlibrary
        *.lrcat-data
        *.cocatalog
        *.cosessiondb
        .picasaoriginals
    """,
    "thumbnails": """
        .thumbnails
        .thumbnail
        .thumbs
        .thumb
        thumbnails
        thumbnail
        thumbs
        thumb
        _thumbs
        _thumbnails
        THMBNL
        .xvpics
    """,
    "documents and programs that are folders": """
        *.app
        *.framework
        *.xcassets
        *.rtfd
        *.pages
        *.key
        *.numbers
    """,
    "source code and the packages that it uses": """
        .git
        .hg
        .svn
        node_modules
        bower_components
        site-packages
        dist-packages
        __pycache__
    """,
}
_KEYS = [name_key(line.strip()) for lines in _TABLE.values() for line in lines.split("\n") if line.strip()]
_NAMES = frozenset(key for key in _KEYS if "*" not in key)
_STARTS = tuple(key.removesuffix("*") for key in _KEYS if key.endswith("*"))
_ENDS = tuple(key.removeprefix("*") for key in _KEYS if key.startswith("*"))


def is_system_folder(name: str) -> bool:
    """Say whether a folder of this name is one that a program or a device makes for itself."""
    key = name_key(name)
    return key in _NAMES or key.startswith(_STARTS) or key.endswith(_ENDS)
