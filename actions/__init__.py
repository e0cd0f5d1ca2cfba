"""The write side: one function per act, in three paragraphs: check, change, record. None commits."""
