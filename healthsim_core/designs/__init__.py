"""Plans of benefits as documents: which ones a run knows, whether they can be used, and a profile's own."""
