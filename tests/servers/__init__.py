"""Real mail servers for tests: each starts in a temporary folder on free ports of this machine, and goes with the test."""
