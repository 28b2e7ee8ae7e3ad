"""SQLite whose locks are waited for as long as who asks has patience."""
