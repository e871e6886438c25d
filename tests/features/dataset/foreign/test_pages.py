import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.features.dataset.foreign.pages import pages
from tests.support.datasets import arrow


def written(**options):
    """Return the bytes of a Parquet file with one column, and the place of its pages."""
    pyarrow = arrow()
    buffer = io.BytesIO()
    table = pyarrow.table({"x": [f"text {number % 50}" for number in range(5000)]})
    pyarrow.parquet.write_table(table, buffer, **options)
    chunk = pyarrow.parquet.ParquetFile(buffer).metadata.row_group(0).column(0)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    return buffer, start, chunk


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_pages_say_what_arrow_says(version, dictionary, compression):
    """Values and bytes of all pages together are those that the footer of an honest file states."""
    buffer, start, chunk = written(
        data_page_version=version,
        use_dictionary=dictionary,
        compression=compression,
        data_page_size=2000,
        write_batch_size=100,
        write_page_checksum=True,
    )
    found = list(pages(buffer, start, chunk.total_compressed_size))
    assert sum(page.values for page in found if not page.is_dictionary) == 5000
    assert [page.is_dictionary for page in found[:2]] == [dictionary, False]
    assert len(found) > 2
    # The footer also counts the headers of the pages.
    assert 0 < chunk.total_uncompressed_size - sum(page.byte_count for page in found) < 100 * len(found)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_pages_or_an_error(data):
    """Bytes of a stranger end in an error of the right kind, and soon."""
    try:
        list(pages(io.BytesIO(data), 0, len(data)))
    except ValueError:
        return


@settings(deadline=None)
@given(st.data())
def test_damaged_pages_are_an_error_or_pages(data):
    """The same with a true file in which some bytes are others."""
    buffer, start, chunk = written(data_page_size=2000)
    whole = bytearray(buffer.getvalue())
    for place in data.draw(st.lists(st.integers(start, start + 60), max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        list(pages(io.BytesIO(bytes(whole)), start, chunk.total_compressed_size))
    except ValueError:
        return
