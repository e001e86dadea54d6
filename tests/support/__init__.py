"""What the end-to-end specifications share: real processes, clients, and waiting. No specification is in here."""
