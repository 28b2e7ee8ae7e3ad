"""PostgreSQL whose answers are waited for a limited time, whatever TCP says."""
