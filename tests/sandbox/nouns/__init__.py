"""Each noun, tried with a stock client."""
