"""The rules, and nothing else: no Django, no input or output, no clock. Whatever they need to know is handed to them."""
