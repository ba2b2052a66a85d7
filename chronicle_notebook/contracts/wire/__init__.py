"""Proto files and the modules generated from them. Imported by the adapters and the sandbox, by nothing else."""
