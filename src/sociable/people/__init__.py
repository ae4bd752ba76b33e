"""Who works here and what they may do: partners, services, people, roles and the audit trail."""
