"""What every service is made of. Nothing here imports a service."""
