"""The checks: one function per property, named after it; every Check in a file here is found."""
