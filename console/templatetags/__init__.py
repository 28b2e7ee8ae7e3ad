"""What templates of every room draw with."""
