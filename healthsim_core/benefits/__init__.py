"""Plans of benefits: what they say, whom they cover, and the ledger that everything spends against."""
