"""Serves the review: a page on this machine where a person corrects a plan and applies it."""
