"""mejurix_cli."""
