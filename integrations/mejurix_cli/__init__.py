"""The command `mejurix-st`: install, convert, embed, index, search, verify. Importing it loads no torch."""
