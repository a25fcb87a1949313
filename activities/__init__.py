"""What a case does to the world: one class for each concern, its gateways as fields; run in threads."""
