"""Who signs in to a seeded development server."""

DEMO_HANDLE = "ada"
DEMO_PASSWORD = "correct horse battery staple"  # noqa: S105 (printed on purpose; seeding never happens in production)
