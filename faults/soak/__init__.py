"""`make soak`: load and random kills for an hour, and at the end nothing may have grown."""
