"""What a user holds: the client and its webhooks, connecting, profiles, protection, the doctor."""
