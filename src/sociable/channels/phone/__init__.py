"""What was said in calls, noted by a member of staff."""
