"""Does what is due, as many workers as one likes."""
