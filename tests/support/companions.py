"""Names of an image and of one file that belongs to it, for each kind of such files that imgsort knows."""

LONG = "a photo with a name that is longer than Takeout likes.jpg"
CUT = LONG[:46]
EDITORS = ".pp3 .dop .on1 .cos .acr .nksc .vrd .arp".split()
CAMERAS = ".thm .wav .gpx .m4a".split()

PAIRS = {
    "note after stem": ("x.jpg", "x.xmp"),
    "note after name": ("x.jpg", "x.jpg.XMP"),
    "RAW": ("x.jpg", "x.NEF"),
    "iCloud video": ("IMG_1.HEIC", "IMG_1_HEVC.MOV"),
    "live MOV": ("IMG_1.HEIC", "IMG_1.MOV"),
    "live MP4": ("IMG_1.HEIC", "IMG_1.MP4"),
    "motion MP": ("PXL_1.MP.jpg", "PXL_1.MP"),
    "motion MP of an edit": ("PXL_1.MP~2.jpg", "PXL_1.MP~2"),
    "motion MP after stem": ("PXL_1.jpg", "PXL_1.MP"),
    "motion MP.mp4": ("PXL_1.MP.jpg", "PXL_1.MP.mp4"),
    "motion without suffix": ("MVIMG_20190101_101010.jpg", "MVIMG_20190101_101010"),
    "Pixel RAW": ("PXL_1.RAW-01.COVER.jpg", "PXL_1.RAW-02.ORIGINAL.dng"),
    "Pixel motion RAW": ("PXL_1.RAW-01.MP.COVER.jpg", "PXL_1.RAW-02.ORIGINAL.dng"),
    "Apple edit": ("IMG_1.JPG", "IMG_1.AAE"),
    "Apple original's edit": ("IMG_1.JPG", "IMG_O1.AAE"),
    "Apple edit of the edited picture alone": ("IMG_E1.JPG", "IMG_1.AAE"),
    "Apple original's edit, edited picture alone": ("IMG_E1.JPG", "IMG_O1.aae"),
    "Apple video of the edited picture": ("IMG_E1.JPG", "IMG_E1.MOV"),
    "Apple video, edited picture alone": ("IMG_E1.JPG", "IMG_1.MOV"),
    "Apple edited video, original alone": ("IMG_1.HEIC", "IMG_E1.MOV"),
    "Takeout": ("x.jpg", "x.jpg.supplemental-metadata.json"),
    "Takeout cut": ("x.jpg", "x.jpg.suppl.json"),
    "Takeout cut to a letter": ("x.jpg", "x.jpg.s.json"),
    "Takeout cut to the dot": ("x.jpg", "x.jpg..json"),
    "Takeout old": ("x.jpg", "x.jpg.json"),
    "Takeout without the suffix": ("x.jpg", "x.json"),
    "Takeout without the suffix, new": ("x.jpg", "x.supplemental-metadata.json"),
    "Takeout numbered": ("x(1).jpg", "x.jpg.supplemental-metadata(1).json"),
    "Takeout numbered in the middle": ("x(1).jpg", "x(1).jpg.supplemental-metadata.json"),
    "Takeout numbered before the mark": ("x(1).jpg", "x.jpg(1).supplemental-metadata.json"),
    "Takeout numbered and cut": ("x(12).jpg", "x.jpg.supplemental-me(12).json"),
    "Takeout numbered, old": ("x(1).jpg", "x.jpg(1).json"),
    "Takeout numbered, without the suffix": ("x(1).jpg", "x.supplemental-metadata(1).json"),
    "Takeout name cut": (LONG, CUT + ".json"),
    "Takeout name cut and numbered": (LONG.replace(".jpg", "(3).jpg"), CUT + "(3).json"),
    "Takeout name cut, wide letters": ("\u00e9t\u00e9 " * 13 + ".jpg", ("\u00e9t\u00e9 " * 13)[:46] + ".json"),
    "Takeout edited": ("x-edited.jpg", "x.jpg.supplemental-metadata.json"),
    "Takeout edited, old": ("x-edited.jpg", "x.jpg.json"),
    "Takeout edited, German": ("x-bearbeitet.jpg", "x.jpg.suppl.json"),
    "Takeout edited, French": ("x-modifi\u00e9.jpg", "x.jpg.json"),
    "Takeout edited, French, decomposed": ("x-modifie\u0301.jpg", "x.jpg.json"),
    "Takeout edited, Japanese": ("x-\u7de8\u96c6\u6e08\u307f.jpg", "x.jpg.json"),
    "Takeout edited HEIC": ("x-edited.jpg", "x.HEIC.supplemental-metadata.json"),
    "Takeout edited and numbered": ("x-edited(1).jpg", "x.jpg.supplemental-metadata(1).json"),
    "Takeout numbered and edited": ("x(1)-edited.jpg", "x(1).jpg.json"),
    "darktable duplicate": ("x.jpg", "x_01.jpg.xmp"),
    **{f"{suffix} after the stem": ("x.jpg", f"x{suffix}") for suffix in EDITORS},
    **{f"{suffix} after the name": ("x.jpg", f"X.JPG{suffix.upper()}") for suffix in EDITORS},
    **{f"{suffix} of a camera": ("DSC_1.JPG", f"DSC_1{suffix.upper()}") for suffix in CAMERAS},
    **{f"{suffix} of a camera, after the name": ("DSC_1.JPG", f"DSC_1.jpg{suffix}") for suffix in CAMERAS},
}

# Sidecars of a sidecar: the image, the sidecar, and what belongs to that.
CHAINS = {
    "note of a RAW file": ("x.jpg", "x.nef", "x.nef.xmp"),
    "DxO of a RAW file": ("x.jpg", "x.CR2", "x.cr2.dop"),
    "darktable duplicate of a RAW file": ("x.jpg", "x.nef", "x_02.nef.xmp"),
    "Takeout of a video": ("IMG_1.HEIC", "IMG_1.MP4", "IMG_1.MP4.supplemental-metadata.json"),
    "Takeout of a numbered video": ("IMG_1(1).HEIC", "IMG_1(1).MP4", "IMG_1.MP4.supplemental-metadata(1).json"),
    "Takeout of a motion photo": ("PXL_1.MP.jpg", "PXL_1.MP", "PXL_1.MP.supplemental-metadata.json"),
}
