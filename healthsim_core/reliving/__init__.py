"""Lives lived anew, where somebody was misled: from what stands to what stands then."""
