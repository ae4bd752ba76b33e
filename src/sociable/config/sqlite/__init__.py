"""SQLite with a fair queue for writers in this process: busy-waiting alone let one writer wait for seconds."""
