"""Results written down: tables for a spreadsheet, pages for a browser."""
