"""SGO's users and links come in; who may sign in, and who belongs to whom, goes out."""
