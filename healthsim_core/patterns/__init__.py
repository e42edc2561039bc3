"""How an event comes about: when, in which season, which branch, which state, and how often again."""
