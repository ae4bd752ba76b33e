"""Who is trained, on duty and away, and what each account needs of them."""
