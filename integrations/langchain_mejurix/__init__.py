"""langchain_mejurix."""
