"""What every room stands on and what knows no kernel: errors, secrets, texts, URLs, arguments, calls."""
