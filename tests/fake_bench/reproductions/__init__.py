"""Made-up claims."""
