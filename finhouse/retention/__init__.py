"""What is kept no longer: rows that are past their retention, and what was made of them."""
