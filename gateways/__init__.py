"""The outside world, each part a Protocol with the embedded implementation below it."""
