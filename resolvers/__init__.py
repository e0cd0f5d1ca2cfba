"""One short function for each field that is not an attribute or a relation: rows in, rows out."""
