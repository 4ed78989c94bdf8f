"""The page with login and password: from the same values the same bytes, and proven to say them."""
