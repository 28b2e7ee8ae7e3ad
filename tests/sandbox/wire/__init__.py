"""HTTP in and out, tried byte by byte."""
