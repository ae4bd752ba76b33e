"""Says "this changed" to open screens and sleeping workers. It knows ids, never contents."""
