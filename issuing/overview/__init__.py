"""What an account sees first of its Issuing."""
