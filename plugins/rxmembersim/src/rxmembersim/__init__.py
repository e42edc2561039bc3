"""rxmembersim."""
