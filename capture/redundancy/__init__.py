"""Election, heartbeats, sharing of work, watermark notifications."""
