"""Stopping deliveries for a while and beginning them again: pause and resume, replay, and re-delivery from here."""
