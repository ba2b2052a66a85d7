"""What of the site is made when it is built: tutorials with outputs, reference, known defects."""
