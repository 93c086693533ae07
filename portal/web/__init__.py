"""What both audiences' routes stand on: pages and fragments, sign-in, forms, one submission once, errors."""
