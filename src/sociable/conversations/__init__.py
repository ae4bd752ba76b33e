"""Who asked what, and what was said: contacts, conversations, messages, drafts, raw inbound and the outbox."""
