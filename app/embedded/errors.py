"""What the embedded servers say when they cannot go on."""


class EmbeddedServerError(Exception):
    """A server cannot be had or kept; the message is for the person at the terminal and says what to do."""
