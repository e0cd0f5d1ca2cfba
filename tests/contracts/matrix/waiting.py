"""What has no place in the matrix yet: fields and acts that came while it was made. The lists only get shorter."""

FIELDS: frozenset[str] = frozenset()
# Acts and the fields of their inputs that name a post or a user.
ACTS: frozenset[tuple[str, str]] = frozenset()
