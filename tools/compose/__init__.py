"""What runs inside the containers beside the services; needs none of the local stack's packages."""
