"""Who signs in to a seeded development server."""

DEMO_HANDLE = "alice"
DEMO_PASSWORD = "demo-password"  # noqa: S105 (printed on purpose; seeding never happens in production)
