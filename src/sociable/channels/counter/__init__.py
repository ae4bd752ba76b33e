"""What was said in visits, noted by a member of staff."""
