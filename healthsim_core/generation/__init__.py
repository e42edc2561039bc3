"""A run by chunks: people, timelines, records and what validation counts, put together."""
