"""Records and their fold into what has happened."""
