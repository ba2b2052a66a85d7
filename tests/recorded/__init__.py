"""Real kernels, recorded call by call, and a server that answers with what they answered."""
