"""Lists of rows: filters, pages by keyset."""
