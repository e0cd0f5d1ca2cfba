"""The floor: database, cache, ids, clock, paging, errors, passwords, tokens. Imports nothing of ours."""
