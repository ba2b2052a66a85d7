"""The steps of the runbooks that come with the project, one file for each."""
