"""Who is told of a request, by which route and when; acknowledgement and drills."""
