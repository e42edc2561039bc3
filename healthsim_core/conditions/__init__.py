"""Conditions: who has which, how severe, since when and under which code; and what follows from them."""
