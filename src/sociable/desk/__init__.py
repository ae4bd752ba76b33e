"""Where staff answer: the queue, the conversation, the composer, and what they see change while they look."""
