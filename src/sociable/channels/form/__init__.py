"""The public form: what a resident typed on our own page."""
