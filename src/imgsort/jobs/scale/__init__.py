"""Commands that go beyond the folders of one machine."""
