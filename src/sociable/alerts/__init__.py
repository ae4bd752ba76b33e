"""Who is told of a request, and of holes, leave and the rota; by which route and when; acknowledgement and drills."""
