"""Where a body is set up: accounts, hours, promises, connections, people and the audit trail."""
