"""A WhatsApp number of a body, on the Cloud API."""
