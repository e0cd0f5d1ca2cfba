"""What has happened: event classes by feature, the outbox they wait in, the bus that tells who is connected."""
