"""May the viewer see it, may the viewer do it: pure rules over facts. No I/O here."""
