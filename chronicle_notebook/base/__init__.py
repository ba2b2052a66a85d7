"""What all other rooms use, without any knowledge of kernels: errors, secrets, texts, URLs, arguments, calls."""
