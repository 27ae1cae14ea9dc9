"""Starting, limiting and killing a command with all its children."""
