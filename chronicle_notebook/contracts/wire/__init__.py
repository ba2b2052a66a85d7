"""Proto files and the modules generated from them. Only the adapters and the sandbox import them."""
