"""A bucket of S3, or of a store that speaks its protocol.

bucket.py   asks the store
answers.py  reads what it answers
"""
