"""The tables, as SQLModel classes. `models.<feature>.<table>` is the SQLAlchemy table that statements use."""
