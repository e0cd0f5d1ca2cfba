"""Readers of other systems' files, and the order in which what they hold is brought in. SQL is in actions."""
