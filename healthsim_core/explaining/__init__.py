"""Where a record comes from: its household lived again, with everything that was read and drawn on the way."""
