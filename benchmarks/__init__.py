"""Seeded load on real servers, side by side: this one, a hand-written endpoint, and whoever joins. See README.md."""
