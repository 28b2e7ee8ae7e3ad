"""Connected accounts."""
