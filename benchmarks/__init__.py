"""Figures as ratios against a peer or the raw limit, each pair measured in one run."""
