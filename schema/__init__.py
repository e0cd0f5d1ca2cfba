"""The GraphQL contract: types, inputs, payloads and roots. Fields only name what they show; no I/O here."""
